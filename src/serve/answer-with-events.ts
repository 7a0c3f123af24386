import { Refusal } from "./refusal.ts";
import { refusalOf, type ServedChain } from "./served-chain.ts";
import { EventStreamWriter } from "./sse.ts";
import type { Visit } from "./visit.ts";

/** The events of a run, to one client. */
interface Events {
  /** Runs, and sends the events, all but the error that the run may end with. */
  send(): Promise<void>;
  /** Sends what clients are told of an error. */
  fail(status: number, message: string): void;
}

/**
 * Answers with the events of a run when it is its turn. The stream is opened before the run starts, as in LangServe: an error after that is
 * an event, not a status.
 *
 * @param headers Headers besides those of all streams.
 * @throws Refusal 503
 */
export function answerWithEvents(
  visit: Visit,
  chain: ServedChain,
  to: (writer: EventStreamWriter) => Events,
  headers?: Readonly<Record<string, string>>,
): Promise<void> {
  const sending = chain.during(visit, () => sendAll(visit, to, new EventStreamWriter(visit.exchange, headers)));
  return Promise.resolve(sending).catch(forgetUnlessRefused);
}

/** Before the stream was opened an error is an answer like any other; after that it has been told. */
function forgetUnlessRefused(error: unknown): void {
  if (error instanceof Refusal && error.status === 503) throw error;
}

async function sendAll(
  visit: Visit,
  to: (writer: EventStreamWriter) => Events,
  writer: EventStreamWriter,
): Promise<void> {
  const events = to(writer);
  try {
    await events.send();
  } catch (error) {
    if (writer.isClosed) return;
    const { status, detail } = refusalOf(error);
    if (status >= 500) visit.failure = error;
    events.fail(status, typeof detail === "string" ? detail : JSON.stringify(detail));
    throw error;
  } finally {
    writer.end();
  }
}

import { EventSourceParserStream } from "eventsource-parser/stream";
import { runlaneError } from "../../core/errors/errors.ts";

/**
 * The data of the server-sent events of an answer, up to the event `end`. Leaving the loop closes the connection, by which the server
 * stops its work.
 *
 * @throws RUNLANE_REMOTE_FAILED when the server tells an error
 */
export async function* readEvents(response: Response, where: string): AsyncGenerator<unknown, void> {
  const events = response.body!.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const { event, data } of events as ReadableStream<{ event?: string; data: string }>) {
    // LangServe's last event, `end`, has no data, so that parsers leave it out: a stream ends with its connection. One that is cut
    // off fails while it is read.
    if (event === "error") {
      const { status_code: status = 500, message = data } = JSON.parse(data) as {
        status_code?: number;
        message?: string;
      };
      throw runlaneError("RUNLANE_REMOTE_FAILED", { where, url: response.url, status, answer: message });
    }
    if (event === "data") yield JSON.parse(data);
  }
}

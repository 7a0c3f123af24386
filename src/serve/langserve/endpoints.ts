import { toWire } from "../../adapters/wire/to-wire.ts";
import { mergeConfigs, type RunnableConfig } from "../../core/config.ts";
import { isThenable } from "../../core/thenable.ts";
import type { EventFilter } from "../../observe/event-filter.ts";
import { invokeNow } from "../../runnables/base.ts";
import { answerWithEvents } from "../answer-with-events.ts";
import { type Body, readJson } from "../body.ts";
import { invalidBody, Refusal } from "../refusal.ts";
import type { ServedChain } from "../served-chain.ts";
import { inSlices } from "../slices.ts";
import type { Visit } from "../visit.ts";
import { acceptConfig, type ConfigRules } from "./config.ts";

/** The options of the endpoints of LangServe's protocol. */
export interface LangServeOptions extends ConfigRules {
  readonly bodyLimit: number;
  readonly maxBatchInputs: number;
}

const JSON_HEADERS = { "content-type": "application/json" };

/** `POST {path}/invoke`: one input, one output. */
export function invoke(visit: Visit, chain: ServedChain, options: LangServeOptions): undefined | Promise<void> {
  const body = readJson(visit.exchange, options.bodyLimit);
  if (isThenable(body)) return (body as Promise<Body>).then((read) => invokeWith(visit, chain, options, read));
  return invokeWith(visit, chain, options, body);
}

function invokeWith(
  visit: Visit,
  chain: ServedChain,
  options: LangServeOptions,
  body: Body,
): undefined | Promise<void> {
  const input = inputOf(body);
  const config = configOf(visit, chain, body.config, "invoke", options);
  return chain.during(
    visit,
    () => invokeNow(chain.runnable, input, config),
    (out) => {
      const output = JSON.stringify(toWire(out)) ?? "null";
      const metadata = `{"run_id":"${config.runId}","feedback_tokens":[]}`;
      visit.exchange.respond(200, JSON_HEADERS, `{"output":${output},"metadata":${metadata}}`);
      return undefined;
    },
  );
}

/** `POST {path}/batch`: many inputs, one run each. One that fails fails the request, as in LangServe. */
export async function batch(visit: Visit, chain: ServedChain, options: LangServeOptions): Promise<void> {
  const body = await readJson(visit.exchange, options.bodyLimit);
  const { inputs, config } = body;
  if (!Array.isArray(inputs)) throw missing("inputs");
  const { maxBatchInputs } = options;
  if (inputs.length > maxBatchInputs) {
    const msg = `List should have at most ${maxBatchInputs} items, not ${inputs.length}`;
    throw invalidBody([{ type: "too_long", loc: ["body", "inputs"], msg }]);
  }
  if (Array.isArray(config) && config.length !== inputs.length) {
    throw new Refusal(422, `Number of configs (${config.length}) must match number of inputs (${inputs.length})`);
  }
  const configs: ReturnType<typeof configOf>[] = [];
  await inSlices(inputs.length, (index) => {
    configs.push(configOf(visit, chain, Array.isArray(config) ? config[index] : config, "batch", options));
  });
  const outputs = await chain.during(visit, () => chain.runnable.batch(inputs, configs));
  visit.exchange.respond(200, JSON_HEADERS, await batchAnswer(outputs, configs));
}

/** The outputs and the ids of the runs, as JSON. A body of a megabyte may have half a million inputs. */
async function batchAnswer(outputs: readonly unknown[], configs: readonly { runId: string }[]): Promise<string> {
  const [wire, responses, ids]: [string[], string[], string[]] = [[], [], []];
  await inSlices(outputs.length, (index) => {
    const id = JSON.stringify(configs[index]!.runId);
    wire.push(JSON.stringify(toWire(outputs[index])) ?? "null");
    responses.push(`{"run_id":${id},"feedback_tokens":[]}`);
    ids.push(id);
  });
  return `{"output":[${wire.join()}],"metadata":{"responses":[${responses.join()}],"run_ids":[${ids.join()}]}}`;
}

/** `POST {path}/stream`: the chunks of the output. The first event, `metadata`, has the id of the run. */
export async function stream(visit: Visit, chain: ServedChain, options: LangServeOptions): Promise<void> {
  const body = await readJson(visit.exchange, options.bodyLimit);
  const input = inputOf(body);
  const config = configOf(visit, chain, body.config, "stream", options);
  const metadata = { event: "metadata", data: JSON.stringify({ run_id: config.runId }) };
  return sendEvents(visit, chain, () => chain.runnable.stream(input, config), toWire, metadata);
}

/** `POST {path}/stream_events`: the events of the run, in version 2. */
export async function streamEvents(visit: Visit, chain: ServedChain, options: LangServeOptions): Promise<void> {
  const body = await readJson(visit.exchange, options.bodyLimit);
  const input = inputOf(body);
  const config = configOf(visit, chain, body.config, "stream_events", options);
  const open = () => chain.runnable.streamEvents(input, { ...config, version: "v2" }, filterOf(body));
  return sendEvents(visit, chain, open, toWire);
}

/** `POST {path}/stream_log`: the run as patches of a log. */
export async function streamLog(visit: Visit, chain: ServedChain, options: LangServeOptions): Promise<void> {
  const body = await readJson(visit.exchange, options.bodyLimit);
  const input = inputOf(body);
  const config = configOf(visit, chain, body.config, "stream_log", options);
  const open = () => chain.runnable.streamLog(input, config, filterOf(body));
  return sendEvents(visit, chain, open, ({ ops }) => ({ ops: ops.map(opToWire) }));
}

/** A change as LangServe's clients read it: Python's JSON patches need the keys of the state to be there from the start. */
function opToWire({ op, path, value }: { op: string; path: string; value: unknown }): unknown {
  const wire = toWire(value ?? null) as object;
  return { op, path, value: path === "" ? { final_output: null, ...wire } : wire };
}

/** Answers with an event for each of the values that `open` gives. @param first An event before the first of them. */
function sendEvents<T>(
  visit: Visit,
  chain: ServedChain,
  open: () => AsyncIterable<T> | Promise<AsyncIterable<T>>,
  encode: (chunk: T) => unknown,
  first?: { readonly event: string; readonly data: string },
): Promise<void> {
  return answerWithEvents(visit, chain, (writer) => ({
    async send() {
      let isFirst = first !== undefined;
      await writer.sendEach(await open(), (chunk) => {
        if (isFirst) {
          isFirst = false;
          void writer.send(first!.event, first!.data);
        }
        return writer.send("data", JSON.stringify(encode(chunk)) ?? "null");
      });
      void writer.send("end", undefined);
    },
    fail: (status, message) => void writer.send("error", JSON.stringify({ status_code: status, message })),
  }));
}

function inputOf(body: Body): unknown {
  if (!Object.hasOwn(body, "input")) throw missing("input");
  return body.input;
}

function missing(name: string): Refusal {
  return invalidBody([{ type: "missing", loc: ["body", name], msg: "Field required" }]);
}

function configOf(
  visit: Visit,
  chain: ServedChain,
  sent: unknown,
  endpoint: string,
  rules: ConfigRules,
): Partial<RunnableConfig> & { runId: string } {
  const { pathConfig } = visit;
  const accepted = acceptConfig(sent, rules);
  const all = pathConfig === undefined ? accepted : mergeConfigs(acceptConfig(pathConfig, rules), accepted);
  return chain.configFor(visit, all, endpoint);
}

const FILTERS = ["names", "types", "tags"] as const;

function filterOf(body: Body): EventFilter {
  const filter: Record<string, unknown> = {};
  for (const kind of FILTERS) {
    for (const side of ["include", "exclude"]) {
      const list = body[`${side}_${kind}`];
      const key = `${side}${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
      if (Array.isArray(list)) filter[key] = list.map(String);
    }
  }
  return filter as EventFilter;
}

/** What OpenTelemetry costs a chain: with spans that are sent, with a run that is not sampled, and without an SDK. */
import { fileURLToPath } from "node:url";
import { type Row, row, type SuiteOptions } from "./measure.ts";
import { figuresOf } from "./processes.ts";

const CHILD = fileURLToPath(new URL("telemetry/child.mjs", import.meta.url));
/** Runs of a chain of ten: each step's, and the chain's own. */
const RUNS = 11;
const STEPS = 10;

export async function telemetry({ quick }: SuiteOptions): Promise<Row[]> {
  const rounds = quick ? 1 : 5;
  // What is measured is what a process has become used to: each way has one of its own.
  const ns = (way: string): number => figuresOf<{ ns: number }>([CHILD, way, quick ? "500" : "2000"], rounds).ns;
  const plain = ns("plain");
  const us = (value: number): [number, string] => [value / 1000, "us"];
  const bare = ns("bare");
  const sent = us((ns("sent") - plain) / RUNS);
  const byHand = us((ns("byHand") - bare) / RUNS);
  const alone = us((ns("sdkAlone") - bare) / RUNS);
  return [
    row("a span, sent in batches", sent, null, { limit: 3.5 }),
    row("the same, beside a span by hand", sent, ["startActiveSpan", byHand[0]], { max: 1.2 }),
    row("the same, beside the SDK's own part", sent, ["startSpan, end", alone[0]]),
    row("a step in a request that is not sampled", [(ns("unsampled") - plain) / STEPS, "ns"], null, { limit: 50 }),
    row("a step in a call that the sampler leaves out", [(ns("leftOut") - plain) / STEPS, "ns"], null),
    row("a step without an SDK", [(ns("noSdk") - plain) / STEPS, "ns"], null, { limit: 50 }),
  ];
}

/** What OpenTelemetry costs a chain: with spans that are sent, with a run that is not sampled, and without an SDK. */
import { fileURLToPath } from "node:url";
import { median, type Row, row, type SuiteOptions } from "./measure.ts";
import { figuresOf } from "./processes.ts";

const CHILD = fileURLToPath(new URL("telemetry/child.mjs", import.meta.url));
/** Runs of a chain of ten: each step's, and the chain's own. */
const RUNS = 11;
const STEPS = 10;

const WAYS = ["plain", "unsampled", "leftOut", "noSdk"] as const;
type Round = Readonly<Record<(typeof WAYS)[number], number>>;

interface Spans {
  readonly ns: number;
  readonly besideByHand: number;
  readonly besideSdk: number;
}

export async function telemetry({ quick }: SuiteOptions): Promise<Row[]> {
  const rounds = quick ? 3 : 7;
  const { ns, besideByHand, besideSdk } = figuresOf<Spans & Record<string, number>>(
    [CHILD, "spans", quick ? "1500" : "5000"],
    rounds,
  );
  const us = ns / RUNS / 1000;
  // What is measured is what a process has become used to: each way has one of its own, one after the other, in each round.
  const costs = Array.from({ length: rounds }, () => {
    const cost = (way: string) => figuresOf<{ ns: number }>([CHILD, way, quick ? "500" : "1500"], 1).ns;
    return Object.fromEntries(WAYS.map((way) => [way, cost(way)])) as Round;
  });
  const step = (way: keyof Round): [number, string] => [
    median(costs.map((round) => round[way] - round.plain)) / STEPS,
    "ns",
  ];
  return [
    row("a span, sent in batches", [us, "us"], null, { limit: 3.5 }),
    row("the same, beside a span by hand", [us, "us"], ["startActiveSpan", us / besideByHand], { max: 1.2 }),
    row("the same, beside the SDK's own part", [us, "us"], ["startSpan, end", us / besideSdk]),
    row("a step in a request that is not sampled", step("unsampled"), null, { limit: 50 }),
    row("a step in a call that the sampler leaves out", step("leftOut"), null),
    row("a step without an SDK", step("noSdk"), null, { limit: 50 }),
  ];
}

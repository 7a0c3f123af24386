/** What OpenTelemetry costs a chain: with spans that are sent, with a run that is not sampled, and without an SDK. */
import { fileURLToPath } from "node:url";
import { median, type Row, row, type SuiteOptions } from "./measure.ts";
import { figuresOf } from "./processes.ts";

const CHILD = fileURLToPath(new URL("telemetry/child.mjs", import.meta.url));
/** Runs of a chain of ten: each step's, and the chain's own. */
const RUNS = 11;
const STEPS = 10;

const WAYS = ["plain", "bare", "sent", "byHand", "sdkAlone", "unsampled", "leftOut", "noSdk"] as const;

/** The CPU time of a call in each way, in nanoseconds, from one round. */
type Round = Readonly<Record<(typeof WAYS)[number], number>>;

export async function telemetry({ quick }: SuiteOptions): Promise<Row[]> {
  // What is measured is what a process has become used to: each way has one of its own, one after the other, in each round.
  const rounds = Array.from(
    { length: quick ? 3 : 9 },
    () => Object.fromEntries(WAYS.map((way) => [way, cost(way, quick ? 500 : 1500)])) as Round,
  );
  const middle = (of: (round: Round) => number): number => median(rounds.map(of));
  const sent = (round: Round): number => round.sent - round.plain;
  const us = middle(sent) / RUNS / 1000;
  /** The span of somebody else: by how much it costs less in the same round. */
  const beside = (other: (round: Round) => number): number => us / middle((round) => sent(round) / other(round));
  const step = (way: keyof Round): [number, string] => [middle((round) => round[way] - round.plain) / STEPS, "ns"];
  const byHand = beside((round) => round.byHand - round.bare);
  const alone = beside((round) => round.sdkAlone - round.bare);
  return [
    row("a span, sent in batches", [us, "us"], null, { limit: 3.5 }),
    row("the same, beside a span by hand", [us, "us"], ["startActiveSpan", byHand], { max: 1.2 }),
    row("the same, beside the SDK's own part", [us, "us"], ["startSpan, end", alone]),
    row("a step in a request that is not sampled", step("unsampled"), null, { limit: 50 }),
    row("a step in a call that the sampler leaves out", step("leftOut"), null),
    row("a step without an SDK", step("noSdk"), null, { limit: 50 }),
  ];
}

function cost(way: string, ms: number): number {
  return figuresOf<{ ns: number }>([CHILD, way, String(ms)], 1).ns;
}

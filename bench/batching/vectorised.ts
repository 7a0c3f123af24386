/** Calls that share a call of a vectorised function. */
import { RunnableLambda } from "runlane";
import { spin } from "../cpu.ts";
import { measure, median, milliseconds, numbers, type Row, row } from "../measure.ts";

const SIZES = [1000, 10_000, 100_000];
const MAX_WAIT_MS = 10;

/** 1 ms for the call and 1 µs for each input, all of it CPU time: what the engine adds cannot hide behind waiting. */
function vectorised(perMs: number): (inputs: number[]) => number[] {
  return (inputs) => {
    spin(perMs * (1 + inputs.length / 1000));
    return inputs;
  };
}

/** Rounds of `spin` in a millisecond of this thread. */
function roundsHere(): number {
  const trial = 5_000_000;
  let least = Number.POSITIVE_INFINITY;
  for (let k = 0; k < 8; k++) {
    const start = performance.now();
    spin(trial);
    least = Math.min(least, performance.now() - start);
  }
  return trial / least;
}

async function shared(quick: boolean): Promise<Row[]> {
  const inputs = numbers(100_000);
  const func = vectorised(roundsHere());
  const batched = RunnableLambda.batched(func, { maxBatchSize: Math.max(...SIZES) });
  const byHand = (size: number) => (n: number) => {
    for (let k = 0; k < n; k++) {
      const outputs: number[] = [];
      for (let at = 0; at < inputs.length; at += size)
        for (const output of func(inputs.slice(at, at + size))) outputs.push(output);
      if (outputs.length !== inputs.length) throw new Error("a batch lost outputs");
    }
  };
  const { invoked, ...others } = await measure<string>(
    {
      invoked: async (n: number) => {
        for (let k = 0; k < n; k++) await Promise.all(inputs.map((input) => batched.invoke(input)));
      },
      ...Object.fromEntries(SIZES.map((size) => [`by hand, ${size.toLocaleString("en-US")} at a time`, byHand(size)])),
    },
    { rounds: quick ? 7 : 21, targetMs: 1, warmUpMs: 400 },
  );
  const [peer, theirs] = Object.entries(others).sort(([, a], [, b]) => a - b)[0]!;
  const each = (ns: number) => ns / inputs.length / 1000;
  return [row("100,000 invokes share calls, each", [each(invoked!), "us"], [peer, each(theirs)], { max: 1.5 })];
}

async function alone(quick: boolean): Promise<Row[]> {
  const waiting = RunnableLambda.batched((inputs: number[]) => inputs, { maxWaitMs: MAX_WAIT_MS });
  const times: number[] = [];
  for (let k = 0; k < (quick ? 20 : 100); k++) times.push(await milliseconds(() => waiting.invoke(k)));

  let turns = 0;
  let calledAt = 0;
  let isOver = false;
  const turn = () => {
    turns++;
    if (!isOver) queueMicrotask(turn);
  };
  const batched = RunnableLambda.batched(
    (inputs: number[]) => {
      calledAt = turns;
      return inputs;
    },
    { maxWaitMs: 0 },
  );
  /** How many turns of microtasks pass until a call is answered. */
  const turnsOf = async (invoke: () => Promise<unknown>): Promise<number> => {
    turns = 0;
    isOver = false;
    queueMicrotask(turn);
    await invoke();
    isOver = true;
    return turns;
  };
  const answeredAt = await turnsOf(() => batched.invoke(1));
  const plainAt = await turnsOf(() => RunnableLambda.from((input: number) => input).invoke(1));
  return [
    row(`one invoke, maxWaitMs ${MAX_WAIT_MS}`, [median(times), "ms"], null, { limit: MAX_WAIT_MS + 1 }),
    row("the same, slowest", [Math.max(...times), "ms"], null),
    row("one invoke, maxWaitMs 0: microtask of its call", [calledAt, "turns"], null, { limit: 1 }),
    row("the same, microtask of its answer", [answeredAt, "turns"], ["a lambda not batched", plainAt]),
  ];
}

export const coalesced = async (quick: boolean): Promise<Row[]> => [...(await shared(quick)), ...(await alone(quick))];

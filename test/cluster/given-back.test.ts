import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Broker, OutcomePart, SubmittedChunk } from "../../src/cluster/broker.ts";
import { rangeOf } from "../../src/cluster/producer/chunk-id.ts";
import { RunChannel } from "../../src/cluster/producer/run-channel.ts";
import { decodeHead, decodeInputs, packInput, unpackInput } from "../../src/cluster/wire/chunk-body.ts";
import { encodeOutcomes } from "../../src/cluster/wire/outcome-body.ts";
import { runChunk } from "../../src/cluster/worker/run-chunk.ts";
import type { Step } from "../../src/core/step.ts";
import { RunnableLambda } from "../../src/index.ts";
import { StageMeter } from "../../src/lanes/stage/stage-meter.ts";

const inputs = [...Array(100).keys()];
const step = (func: (x: number) => unknown) => RunnableLambda.from(func) as unknown as Step;
const values = (outcomes: readonly unknown[]) => outcomes.map((outcome) => (outcome as { value: unknown }).value);

test("a chunk whose time is up starts no more inputs, and has the outcomes of the first ones", async () => {
  const sync = values(
    await runChunk(
      step((x) => x * 2),
      inputs,
      {},
      0,
    ),
  );
  expect(sync.length).toBeLessThan(20);
  expect(sync).toEqual(inputs.slice(0, sync.length).map((x) => x * 2));
  const waiting = step(async (x) => {
    await turn();
    return x * 2;
  });
  expect(values(await runChunk(waiting, inputs, {}, 0))).toEqual([0]);
  expect(values(await runChunk(waiting, inputs, {}))).toEqual(inputs.map((x) => x * 2));
});

/** A broker with a worker that gives all inputs of a chunk back but the first few, and says how it was asked. */
function hesitant(most: number) {
  const submitted: SubmittedChunk[] = [];
  const done: OutcomePart[] = [];
  const broker = {
    begin: async () => {},
    end: async () => {},
    submit: async (_run: unknown, chunks: readonly SubmittedChunk[]) => {
      for (const { id, body } of chunks) {
        submitted.push({ id, body });
        const all = decodeInputs(body).map(unpackInput) as number[];
        const some = all.slice(0, most).map((x) => ({ status: "fulfilled" as const, value: x * 2 }));
        const report = {
          host: "h",
          pid: 1,
          ranMs: 2000,
          waits: false,
          earlierAttempts: 0,
          left: all.length - some.length,
        };
        for (const body of encodeOutcomes(some, report, "it")) done.push({ id, part: 0, parts: 1, body });
      }
    },
    async *outcomes(_run: unknown, { signal }: { signal: AbortSignal }) {
      for (; !signal.aborted; await turn()) if (done.length > 0) yield done.splice(0);
    },
  };
  return { submitted, broker: broker as unknown as Broker };
}

test("what a worker gives back is sent again in smaller chunks, until each input has its outcome", async () => {
  const { broker, submitted } = hesitant(3);
  const run = { id: "run", queue: "queue" };
  const about = { pipeline: "it", host: "h" };
  const channel = new RunChannel({ broker, run, about, where: "it", meter: new StageMeter("it") });
  channel.send(
    0,
    { exportName: "default", timeoutMs: 5 },
    inputs.map((x) => packInput(x, "it")),
  );
  const outputs: unknown[] = [];
  let told = 0;
  for await (const all of channel.receive()) {
    for (const { from, outcomes } of all) {
      for (const [at, value] of values(outcomes).entries()) outputs[from + at] = value;
      told += outcomes.length;
    }
    if (told === inputs.length) channel.close();
  }
  expect(outputs).toEqual(inputs.map((x) => x * 2));
  expect(submitted.map(({ body }) => decodeHead(body))).toEqual(
    submitted.map(() => ({ exportName: "default", timeoutMs: 5, mayReturn: true, config: undefined })),
  );
  const counts = submitted.map(({ id }) => rangeOf(id)!.count);
  expect(counts[0]).toBe(100);
  expect(Math.max(...counts.slice(1))).toBeLessThan(3);
});

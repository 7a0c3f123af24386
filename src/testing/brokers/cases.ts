import { deepStrictEqual, equal, ok } from "node:assert/strict";
import type { TakenChunk } from "../../cluster/broker.ts";
import { has, range, rejection, until } from "../expectations.ts";
import type { BrokerCaseDefinition } from "./broker-case.ts";
import { bytes, chunks, collect, deferred, echo, freshRun, text } from "./support.ts";

const ABOUT = { pipeline: "cases", host: "here" };
const ONE = { concurrency: 1 };

export const BROKER_CASES: readonly BrokerCaseDefinition[] = [
  {
    name: "every chunk is run, and its outcome reaches who submitted it",
    async check({ open }) {
      const [producer, worker] = [await open(), await open()];
      const run = freshRun();
      await worker.serve(run.queue, echo, { concurrency: 4 });
      await producer.begin(run, ABOUT);
      await producer.submit(run, chunks(50));
      const found = await collect(producer, run, 50);
      deepStrictEqual(
        [...found].sort(),
        range(50)
          .map((at) => [String(at), [`out of in ${at}`]])
          .sort(),
      );
      await producer.end(run);
    },
  },
  {
    name: "chunks wait for a worker, and leave the queue in order, those of a lower priority number first",
    async check({ open }) {
      const broker = await open();
      const run = freshRun();
      await broker.submit(
        run,
        chunks(3, 10).map((chunk) => ({ ...chunk, priority: 5 })),
      );
      await broker.submit(run, chunks(3));
      const seen: string[] = [];
      await broker.serve(
        run.queue,
        async (chunk) => {
          seen.push(chunk.id);
          return echo(chunk);
        },
        ONE,
      );
      await collect(broker, run, 6);
      deepStrictEqual(seen, ["0", "1", "2", "10", "11", "12"]);
      await broker.end(run);
    },
  },
  {
    name: "a chunk that is submitted again is run once, also when it is done",
    async check({ open }) {
      const broker = await open();
      const run = freshRun();
      let runs = 0;
      await broker.submit(run, chunks(2));
      await broker.submit(run, chunks(3));
      await broker.serve(
        run.queue,
        async (chunk) => {
          runs++;
          return echo(chunk);
        },
        ONE,
      );
      await collect(broker, run, 3);
      await broker.submit(run, chunks(3));
      await broker.submit(run, chunks(1, 3));
      await collect(broker, run, 4);
      equal(runs, 4);
      await broker.end(run);
    },
  },
  {
    name: "outcomes are there for who comes later, until they are settled",
    async check({ open }) {
      const [first, second] = [await open(), await open()];
      const run = freshRun();
      await first.serve(run.queue, echo, ONE);
      await first.submit(run, chunks(4));
      await collect(first, run, 4);
      await first.settle(run, ["0", "1"]);
      const found = await collect(second, run, 2);
      deepStrictEqual([...found.keys()].sort(), ["2", "3"]);
      await first.end(run);
    },
  },
  {
    name: "bodies and outcomes are bytes of any kind, and of a megabyte",
    async check({ open }) {
      const broker = await open();
      const run = freshRun();
      const odd = Uint8Array.from(range(256));
      const large = new Uint8Array(1024 * 1024).map((_, at) => at % 251);
      await broker.serve(run.queue, async ({ body }) => [body], ONE);
      await broker.submit(run, [
        { id: "odd", body: odd },
        { id: "large", body: large },
        { id: "empty", body: new Uint8Array() },
      ]);
      const stop = new AbortController();
      const found = new Map<string, Uint8Array>();
      for await (const parts of broker.outcomes(run, { signal: stop.signal })) {
        for (const { id, body } of parts) found.set(id, Uint8Array.from(body));
        if (found.size === 3) break;
      }
      deepStrictEqual(found.get("odd"), odd);
      ok(Buffer.compare(found.get("large")!, large) === 0, "the megabyte arrived as it was");
      deepStrictEqual(found.get("empty"), new Uint8Array());
      await broker.end(run);
    },
  },
  {
    name: "an outcome in several parts arrives with all of them",
    async check({ open }) {
      const broker = await open();
      const run = freshRun();
      await broker.serve(run.queue, async () => ["a", "b", "c"].map(bytes), ONE);
      await broker.submit(run, chunks(1));
      deepStrictEqual(await collect(broker, run, 1), new Map([["0", ["a", "b", "c"]]]));
      await broker.end(run);
    },
  },
  {
    name: "no worker takes more at a time than it said",
    async check({ open }) {
      const broker = await open();
      const run = freshRun();
      let [running, most] = [0, 0];
      await broker.serve(
        run.queue,
        async (chunk) => {
          most = Math.max(most, ++running);
          await new Promise((resolve) => setTimeout(resolve, 5));
          running--;
          return echo(chunk);
        },
        { concurrency: 3 },
      );
      await broker.submit(run, chunks(20));
      await collect(broker, run, 20);
      ok(most <= 3 && most > 1, `3 at a time, and not ${most}`);
      await broker.end(run);
    },
  },
  {
    name: "a chunk whose work throws is run again, and told that it is the second time",
    async check({ open }) {
      const broker = await open();
      const run = freshRun();
      const attempts: number[] = [];
      await broker.serve(
        run.queue,
        async (chunk) => {
          attempts.push(chunk.attempt);
          if (chunk.attempt === 1) throw new Error("not yet");
          return echo(chunk);
        },
        ONE,
      );
      await broker.submit(run, chunks(1));
      await collect(broker, run, 1);
      deepStrictEqual(attempts, [1, 2]);
      await broker.end(run);
    },
  },
  {
    name: "a worker that stops finishes what it has in hand, and takes nothing new",
    async check({ open, patienceMs }) {
      const broker = await open();
      const run = freshRun();
      const gate = deferred();
      const seen: string[] = [];
      const serving = await broker.serve(
        run.queue,
        async (chunk) => {
          seen.push(chunk.id);
          await gate.promise;
          return echo(chunk);
        },
        ONE,
      );
      await broker.submit(run, chunks(5));
      await until(patienceMs, "the first chunk is in hand", () => seen.length === 1);
      const stopped = serving.stop();
      gate.resolve();
      await stopped;
      equal(serving.running, 0);
      deepStrictEqual([...(await collect(broker, run, 1)).keys()], ["0"]);
      deepStrictEqual(seen, ["0"]);
      await broker.cancel(run);
      await broker.end(run);
    },
  },
  {
    name: "a run that is cancelled runs nothing more, aborts what runs, and tells who waits for it",
    async check({ open, patienceMs }) {
      const [producer, worker, other] = [await open(), await open(), await open()];
      const run = freshRun();
      const taken: TakenChunk[] = [];
      await worker.serve(
        run.queue,
        async (chunk) => {
          taken.push(chunk);
          await until(patienceMs, "the signal aborts", () => chunk.signal.aborted);
          return echo(chunk);
        },
        ONE,
      );
      await producer.begin(run, ABOUT);
      await producer.submit(run, chunks(5));
      const reading = rejection(collect(producer, run, 1));
      await until(patienceMs, "a chunk runs", () => taken.length === 1);
      await other.cancel(run);
      has(await reading, { code: "RUNLANE_RUN_CANCELLED" });
      await until(patienceMs, "the running chunk was told", () => taken[0]!.signal.aborted);
      equal(taken.length, 1);
      await producer.end(run);
    },
  },
  {
    name: "single chunks can be cancelled, and the others go on",
    async check({ open }) {
      const broker = await open();
      const run = freshRun();
      await broker.submit(run, chunks(4));
      await broker.cancel(run, ["1", "2"]);
      await broker.serve(run.queue, echo, ONE);
      const found = await collect(broker, run, 2);
      deepStrictEqual([...found.keys()].sort(), ["0", "3"]);
      await broker.end(run);
    },
  },
  {
    name: "runs and queues do not see each other's chunks",
    async check({ open }) {
      const broker = await open();
      const [one, other] = [freshRun(), freshRun()];
      const third = { id: `${one.id}-b`, queue: one.queue };
      await broker.serve(one.queue, async ({ run, body }) => [bytes(`${run} ${text(body)}`)], ONE);
      await broker.serve(other.queue, echo, ONE);
      for (const run of [one, other, third]) await broker.submit(run, chunks(2));
      deepStrictEqual((await collect(broker, one, 2)).get("0"), [`${one.id} in 0`]);
      deepStrictEqual((await collect(broker, third, 2)).get("0"), [`${third.id} in 0`]);
      deepStrictEqual((await collect(broker, other, 2)).get("0"), ["out of in 0"]);
      for (const run of [one, other, third]) await broker.end(run);
    },
  },
  {
    name: "the state tells of runs, of what is outstanding, and of workers",
    async check({ open, patienceMs }) {
      const broker = await open();
      const run = freshRun();
      const gate = deferred();
      await broker.begin(run, { ...ABOUT, output: "out.jsonl" });
      await broker.begin(run, ABOUT);
      await broker.submit(run, chunks(3));
      await broker.serve(
        run.queue,
        async (chunk) => {
          if (chunk.id !== "0") await gate.promise;
          return echo(chunk);
        },
        { concurrency: 2 },
      );
      await collect(broker, run, 1);
      const { runs, workers } = await broker.state();
      const own = runs.find(({ id }) => id === run.id);
      has(own, {
        queue: run.queue,
        about: { ...ABOUT, output: "out.jsonl" },
        isCancelled: false,
        outstanding: 2,
        finished: 1,
      });
      ok(!Number.isNaN(Date.parse(own!.startedAt)), "the start is a time");
      const isThere = async (): Promise<boolean> =>
        (await broker.state()).workers.some(
          ({ queue, pid, concurrency }) => queue === run.queue && pid === process.pid && concurrency === 2,
        );
      ok(workers.length === 0 || (await isThere()), "workers are those that serve");
      await until(patienceMs, "the worker shows", isThere);
      gate.resolve();
      await collect(broker, run, 3);
      await broker.end(run);
      ok(
        (await broker.state()).runs.every(({ id }) => id !== run.id),
        "a run that has ended is gone",
      );
    },
  },
  {
    name: "what a lost worker had in hand runs elsewhere after the lease",
    losesWorkers: true,
    async check({ open, patienceMs, leaseMs }) {
      const [producer, lost] = [await open(), await open()];
      const run = freshRun();
      const gate = deferred();
      let taken = 0;
      await lost.serve(
        run.queue,
        async () => {
          taken++;
          await gate.promise;
          return [];
        },
        { concurrency: 2 },
      );
      await producer.submit(run, chunks(2));
      await until(patienceMs, "both are in hand", () => taken === 2);
      await lost.close();
      const attempts: number[] = [];
      await producer.serve(
        run.queue,
        async (chunk) => {
          attempts.push(chunk.attempt);
          return echo(chunk);
        },
        { concurrency: 2 },
      );
      const found = await collect(producer, run, 2);
      deepStrictEqual([...found.values()].flat().sort(), ["out of in 0", "out of in 1"]);
      deepStrictEqual(attempts, [2, 2]);
      ok(leaseMs > 0);
      gate.resolve();
      await producer.end(run);
    },
  },
];

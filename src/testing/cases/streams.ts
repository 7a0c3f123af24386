import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { collect, freshKey, has, range, rejection, rejects, turn, until } from "../expectations.ts";
import type { CaseDefinition } from "../lane-case.ts";
import { stageOf } from "../stage-of.ts";
import { count, countLater, double, failAfter, type Notes, notesOf, oneAndNever, produce } from "../steps.ts";

/** The number of chunks that may be on their way to a reader that does not read. */
const MOST_UNREAD = 256;

export const STREAMS: CaseDefinition[] = [
  {
    name: "streams all chunks in order: sync and async generators, and none",
    async check({ lane }) {
      for (const generator of [count, countLater]) {
        deepStrictEqual(await collect(lane.stream(stageOf(generator), 1000)), range(1000));
        deepStrictEqual(await collect(lane.stream(stageOf(generator), 0)), []);
      }
    },
  },
  {
    name: "streams the output of a function as one chunk",
    async check({ lane }) {
      deepStrictEqual(await collect(lane.stream(stageOf(double), 4)), [8]);
      deepStrictEqual(
        await collect(
          lane.stream(
            stageOf((to: number) => [to, to]),
            4,
          ),
        ),
        [[4, 4]],
      );
    },
  },
  {
    name: "gives a chunk before the next one is there",
    async check({ lane }) {
      const stream = lane.stream(stageOf(oneAndNever), null);
      deepStrictEqual(await stream.next(), { done: false, value: 1 });
    },
  },
  {
    name: "lets a generator run no further ahead of its reader than a window",
    needs: "overlap",
    async check({ lane }) {
      const key = freshKey();
      const notes = stageOf(notesOf);
      const stream = lane.stream(stageOf(produce), key);
      for (let read = 0; read < 10; read++) strictEqual((await stream.next()).value, read);
      for (let round = 0; round < 20; round++) {
        await turn();
        const { produced } = (await lane.run(notes, key)) as Required<Notes>;
        ok(produced <= 10 + MOST_UNREAD, `${produced} chunks after 10 were read`);
      }
      await stream.return(undefined);
    },
  },
  {
    name: "ends the generator when its reader leaves",
    async check({ lane }) {
      const key = freshKey();
      const notes = stageOf(notesOf);
      for await (const chunk of lane.stream(stageOf(produce), key)) if (chunk === 3) break;
      has(await lane.run(notes, key), { closed: 1 });
    },
  },
  {
    name: "fails with what the generator threw, after the chunks before it",
    async check({ lane }) {
      const chunks: unknown[] = [];
      const read = async () => {
        for await (const chunk of lane.stream(stageOf(failAfter), 3)) chunks.push(chunk);
      };
      const error = await rejection(read());
      ok(error instanceof RangeError);
      has(error, { message: "no more", code: "E_NO_MORE" });
      deepStrictEqual(chunks, [0, 1, 2]);
    },
  },
  {
    name: "runs streams and calls of one worker side by side",
    needs: "overlap",
    async check({ lane }) {
      const twice = stageOf(double);
      const outputs: unknown[] = [];
      for await (const chunk of lane.stream(stageOf(countLater), 60)) outputs.push(await lane.run(twice, chunk));
      deepStrictEqual(
        outputs,
        range(60).map((value) => value * 2),
      );
    },
  },
  {
    name: "refuses a stream whose signal has aborted already",
    async check({ lane }) {
      const key = freshKey();
      const stream = lane.stream(stageOf(produce), key, { signal: AbortSignal.abort() });
      await rejects(stream.next(), { name: "AbortError" });
      deepStrictEqual(await lane.run(stageOf(notesOf), key), {});
    },
  },
  {
    name: "ends a stream that is aborted, though its generator waits for ever",
    async check({ lane, patienceMs }) {
      const controller = new AbortController();
      const stream = lane.stream(stageOf(oneAndNever), null, { signal: controller.signal });
      await stream.next();
      const next = rejection(stream.next());
      const reason = new Error("enough");
      controller.abort(reason);
      strictEqual(await next, reason);
      deepStrictEqual(await stream.next(), { done: true, value: undefined });
      await until(patienceMs, "nothing is busy any more", () => lane.capacity.busy === 0);
    },
  },
  {
    name: "ends a stream whose time is up with a TimeoutError",
    async check({ lane }) {
      await rejects(collect(lane.stream(stageOf(oneAndNever), null, { timeoutMs: 60 })), { name: "TimeoutError" });
    },
  },
];

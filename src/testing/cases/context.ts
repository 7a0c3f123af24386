import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { collect, range } from "../expectations.ts";
import type { CaseDefinition } from "../lane-case.ts";
import { stageOf } from "../stage-of.ts";
import { configOf, countLater, doubleLater } from "../steps.ts";

const of = (user: string) => ({ configurable: { user, deep: { list: [1n] } }, tags: [user], metadata: { of: user } });

export const CONTEXT: CaseDefinition[] = [
  {
    name: "hands the config on: one for all inputs, one for each, and none",
    async check({ lane }) {
      const stage = stageOf(configOf);
      const shared = of("all");
      const configs = [shared, shared, of("ada"), of("bob")];
      const outputs = await Promise.all(configs.map((config) => lane.run(stage, null, { config })));
      deepStrictEqual(outputs, configs);
      deepStrictEqual(await lane.run(stage, null), { configurable: undefined, tags: [], metadata: {} });
    },
  },
  {
    name: "hands the config on to what streams",
    async check({ lane }) {
      const stage = stageOf(async function* (_: unknown, { tags }: { tags?: string[] }) {
        yield* tags ?? [];
      });
      deepStrictEqual(await collect(lane.stream(stage, null, { config: { tags: ["a", "b"] } })), ["a", "b"]);
    },
  },
  {
    name: "gives a signal to functions whose calls can be stopped",
    async check({ lane }) {
      const stage = stageOf((_: unknown, { signal }: { signal?: AbortSignal }) => signal?.aborted);
      const { signal } = new AbortController();
      strictEqual(await lane.run(stage, null, { signal }), false);
      strictEqual(await lane.run(stage, null, { timeoutMs: 60_000 }), false);
    },
  },
  {
    name: "keeps the async context of the caller in what comes after a call",
    async check({ lane }) {
      const storage = new AsyncLocalStorage<number>();
      const stage = stageOf(doubleLater);
      const seen = await Promise.all(
        range(20).map((value) =>
          storage.run(value, () => {
            const get = () => storage.getStore();
            // Not `await`, which would bring its context with it.
            return lane.run(stage, value, value % 2 === 0 ? {} : { signal: AbortSignal.abort() }).then(get, get);
          }),
        ),
      );
      deepStrictEqual(seen, range(20));
    },
  },
  {
    name: "keeps the async context of the reader of a stream",
    async check({ lane }) {
      const storage = new AsyncLocalStorage<number>();
      const stage = stageOf(countLater);
      const seen = await Promise.all(
        range(4).map((value) =>
          storage.run(value, async () => {
            const stores = new Set<unknown>();
            const stream = lane.stream(stage, 100);
            const note = () => stores.add(storage.getStore());
            for (let chunk = 0; chunk < 100; chunk++) await stream.next().then(note);
            return [...stores];
          }),
        ),
      );
      deepStrictEqual(
        seen,
        range(4).map((value) => [value]),
      );
    },
  },
];

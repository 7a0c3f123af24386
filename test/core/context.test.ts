import { expect, test } from "vitest";
import { openContext, PLAIN, saysNothing } from "../../src/core/context.ts";
import { noteLeftOut, withLeftOut } from "../../src/core/left-out.ts";
import { OBSERVER } from "../../src/core/observer.ts";
import { type RunnableConfig, RunnableLambda } from "../../src/index.ts";

test.each<[what: string, config: RunnableConfig]>([
  ["an empty object", {}],
  ["keys without values", { tags: undefined, signal: undefined }],
])("a config that is %s says nothing, and costs no context", (_what, config) => {
  expect(saysNothing(config)).toBe(true);
  expect(openContext(config)).toBe(PLAIN);
});

test("a config says something by what cannot be seen in it, too", async () => {
  // The config that a function gets, without everything that has a name.
  let seen: RunnableConfig = {};
  const step = RunnableLambda.from((_: number, config: RunnableConfig) => {
    seen = config;
  });
  await step.invoke(1, { maxConcurrency: 2 });
  const hidden: RunnableConfig = { ...seen };
  for (const key of Object.keys(hidden)) delete hidden[key];
  expect(Reflect.ownKeys(hidden)).not.toEqual([]);
  expect(saysNothing(hidden)).toBe(false);

  expect(saysNothing({ [OBSERVER]: {} } as RunnableConfig)).toBe(false);
  const travelled: Record<string, unknown> = {};
  noteLeftOut(travelled, [{ path: ["store"], reason: "is a function" }]);
  expect(saysNothing(withLeftOut(travelled as RunnableConfig) ?? {})).toBe(false);
});

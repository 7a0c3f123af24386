import { expect, it } from "vitest";

const built = new URL("../../dist/index.js", import.meta.url).href;

it("what reads functions is loaded at once by the package as it is built: withLane itself refuses a function", async () => {
  const { RunnableLambda } = await import(built);
  const limit = Number(process.pid);
  const refused = RunnableLambda.from((x: number) => x + limit);
  expect(() => refused.withLane("thread")).toThrow(expect.objectContaining({ code: "RUNLANE_CAPTURED_VARIABLE" }));
});

import { expect, it } from "vitest";

it("has classes that go by their own names, as built", async () => {
  const built: Record<string, unknown> = await import(new URL("../dist/index.js", import.meta.url).href);
  const classes = Object.entries(built).filter(([, value]) => String(value).startsWith("class "));
  const names = classes.map(([, value]) => (value as { name: string }).name);
  expect(names.length).toBeGreaterThan(20);
  expect(names).toEqual(classes.map(([name]) => (name === "RunnableMap" ? "RunnableParallel" : name)));
});

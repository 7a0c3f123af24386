import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

it("has classes that go by their own names, as built", async () => {
  const built: Record<string, unknown> = await import(new URL("../dist/index.js", import.meta.url).href);
  const classes = Object.entries(built).filter(([, value]) => String(value).startsWith("class "));
  const names = classes.map(([, value]) => (value as { name: string }).name);
  expect(names.length).toBeGreaterThan(20);
  expect(names).toEqual(classes.map(([name]) => (name === "RunnableMap" ? "RunnableParallel" : name)));
});

it("has the kernel once, however many entries share it", () => {
  const dist = new URL("../dist/", import.meta.url);
  const copies = readdirSync(dist, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".js"))
    .filter((path) =>
      /\bclass RunnableLambda\b|\bRunnableLambda = class\b/.test(readFileSync(new URL(path, dist), "utf8")),
    );
  expect(copies).toHaveLength(1);
});

import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const built = fileURLToPath(new URL("../../dist", import.meta.url));

/** A folder with Runlane where no package is installed. */
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "runlane-"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  cpSync(built, join(folder, "dist"), { recursive: true });
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a program in a process of its own. Gives what it prints, as JSON. */
async function run(program: string): Promise<unknown> {
  writeFileSync(join(folder, "program.js"), `${COUNTERS}\n${program}`);
  const { stdout } = await promisify(execFile)(process.execPath, ["program.js"], { cwd: folder });
  return JSON.parse(stdout);
}

/** Counts how often any AsyncLocalStorage is used. */
const COUNTERS = `
  import { AsyncLocalStorage } from "node:async_hooks";
  const used = [];
  for (const method of ["run", "enterWith"]) {
    const original = AsyncLocalStorage.prototype[method];
    AsyncLocalStorage.prototype[method] = function (...args) {
      used.push(method);
      return original.apply(this, args);
    };
  }
  const installed = () => globalThis[Symbol.for("ls:tracing_async_local_storage")] !== undefined;
  const print = (value) => console.log(JSON.stringify(value));
`;

const CALLS = `
  const { RunnableLambda, RunnableMap } = await import("./dist/index.js");
  const inner = RunnableLambda.from((x, config) => config.configurable?.user ?? x);
  const chain = RunnableLambda.from(async (x) => inner.invoke(x)).pipe(RunnableMap.from({ a: inner }));
  const options = { configurable: { user: "Ada" }, tags: ["a"], timeout: 60_000, callbacks: [{ handleChainStart() {} }] };
  const found = [];
  found.push(await chain.invoke(1), await chain.invoke(1, options), await chain.batch([1], options, {}));
  for await (const chunk of await chain.stream(1, options)) found.push(chunk);
  for await (const { event } of chain.streamEvents(1, { ...options, version: "v2" })) if (event === "on_chain_end") found.push(event);
`;

describe("import of runlane", () => {
  it("loads no package and touches no AsyncLocalStorage, and neither do calls with configs and callbacks", async () => {
    expect(await run(`${CALLS} print([installed(), used, found.length > 4]);`)).toEqual([false, [], true]);
  });

  it("hands no config on to calls made inside functions", async () => {
    expect(await run(`${CALLS} print(found.slice(0, 2));`)).toEqual([{ a: 1 }, { a: "Ada" }]);
    expect(await run(`${CALLS} print(await RunnableLambda.from((x) => inner.invoke(x)).invoke(1, options));`)).toBe(1);
  });
});

describe("import of runlane/context", () => {
  it("installs the storage, which calls then hand their config on through", async () => {
    const program = `
      await import("./dist/adapters/context.js");
      ${CALLS}
      print([installed(), used.length > 0, await RunnableLambda.from((x) => inner.invoke(x)).invoke(1, options)]);
    `;
    expect(await run(program)).toEqual([true, true, "Ada"]);
  });

  it("takes the storage that is there already, before runlane or after", async () => {
    const program = `
      const mine = new AsyncLocalStorage();
      globalThis[Symbol.for("ls:tracing_async_local_storage")] = mine;
      await import("./dist/adapters/context.js");
      print(globalThis[Symbol.for("ls:tracing_async_local_storage")] === mine);
    `;
    expect(await run(program)).toBe(true);
  });
});

describe("import of runlane/langchain", () => {
  it("needs @langchain/core", async () => {
    const program = `print(await import("./dist/adapters/langchain/index.js").catch(({ code, message }) => [code, message]));`;
    expect(await run(program)).toEqual(["ERR_MODULE_NOT_FOUND", expect.stringContaining("@langchain/core")]);
  });
});

describe("import of runlane/opentelemetry", () => {
  it("loads no package, and says which one instrument needs", async () => {
    const program = `
      const { instrument } = await import("./dist/adapters/opentelemetry/index.js");
      print(await instrument().catch(({ code, message }) => [code, message]));
    `;
    expect(await run(program)).toEqual([
      "RUNLANE_MISSING_PACKAGE",
      expect.stringContaining("npm install @opentelemetry/api"),
    ]);
  });
});

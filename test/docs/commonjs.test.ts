import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { everything } from "../everything.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(`${root}/docs/typescript.md`, "utf8");

const program = `
  const { processes, RouterRunnable, RunlaneError, RunnableLambda, threads } = require("runlane");
  (async () => {
    for (const lane of [threads({ max: 1 }), processes({ max: 1 })]) {
      console.log(await RunnableLambda.from((x) => x * 2, { lane }).invoke(21));
      await lane.close();
    }
    const error = await new RouterRunnable({ runnables: {} }).invoke({ key: "a", input: 1 }).catch((error) => error);
    console.log(error instanceof RunlaneError);
  })();
`;

/** Loads modules as Jest does: compiled by a transformer, and run as CommonJS. */
const likeJest = (transformer: string): string => `
  ${transformer}
  const { process: compile } = module.exports;
  require("node:module")._extensions[".js"] = (module, path) =>
    module._compile(compile(require("node:fs").readFileSync(path, "utf8")).code, path);
`;

const run = (code: string): string =>
  execFileSync(process.execPath, ["-e", code], { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 });

describe("in a CommonJS program", () => {
  it("require finds the package", () => {
    expect(run(program)).toBe("42\n42\ntrue\n");
  });

  it.runIf(everything)("the package works as the transformer of the documentation compiles it for Jest", () => {
    const [, transformer] = /```js\n\/\/ to-commonjs\.cjs\n(.*?)```/s.exec(page) as RegExpExecArray;
    expect(run(`${likeJest(transformer as string)}\n${program}`)).toBe("42\n42\ntrue\n");
  });
});

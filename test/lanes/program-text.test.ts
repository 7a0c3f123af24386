import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { inheritedOptions } from "../../src/lanes/platform.ts";
import { everything } from "../everything.ts";

const run = promisify(execFile);
const root = new URL("../..", import.meta.url);

describe("a program that is given as text", () => {
  it.each(everything ? ["thread", "process"] : ["process"])("has lanes: %s", async (lane) => {
    const code = `import { RunnableLambda } from "runlane";
      const double = RunnableLambda.from((x) => x * 2).withLane("${lane}");
      console.log(await double.batch([1, 2, 3]));
      process.exit();`;
    const args = ["--no-warnings", "--input-type=module", "-e", code];
    const { stdout } = await run(process.execPath, args, { cwd: root });
    expect(stdout).toBe("[ 2, 4, 6 ]\n");
  });
});

describe("the options that child processes take over", () => {
  it.each([
    [
      ["--import", "tsx", "--expose-gc"],
      ["--import", "tsx", "--expose-gc"],
    ],
    [["--input-type=module", "-e", "code"], []],
    [["--input-type", "module", "--eval=code", "--no-warnings"], ["--no-warnings"]],
    [["-p", "1", "--inspect-brk=0", "--trace-gc"], ["--trace-gc"]],
  ])("%j: %j", (options, expected) => {
    expect(inheritedOptions(options)).toEqual(expected);
  });
});

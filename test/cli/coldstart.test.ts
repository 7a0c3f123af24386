import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ModuleClock } from "../../src/cli/coldstart/module-clock.ts";
import type { ColdStart } from "../../src/cli/coldstart/run-coldstart.ts";
import { moduleName, showColdStart } from "../../src/cli/coldstart/show.ts";
import { everything } from "../everything.ts";
import { fixture } from "./command.ts";
import { runHere } from "./run-here.ts";
import { scratchFolder } from "./scratch.ts";

const COLD = fixture("cold.mjs");

async function measured(...args: string[]): Promise<ColdStart> {
  const { code, stdout, stderr } = await runHere(["coldstart", "--json", "--runs", "1", ...args], {
    cwd: scratchFolder(),
  });
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

describe("runlane coldstart", () => {
  let cold: Promise<ColdStart> | undefined;
  /** One measurement shows several things. */
  const coldStart = () => {
    cold ??= measured(COLD);
    return cold;
  };

  it("tells the phases of a start, one after the other", async () => {
    const start = await coldStart();
    expect(start).toMatchObject({ pipeline: COLD, export: "default", runs: 1, budgetMs: null, withinBudget: true });
    expect(start.phases.map(({ phase }) => phase)).toEqual(["node", "imports", "call"]);
    let end = 0;
    for (const { startMs, ms } of start.phases) {
      expect(startMs).toBeCloseTo(end, 1);
      end = startMs + ms;
    }
    expect(start.totalMs).toBeCloseTo(end, 1);
    // Three modules that wait for 40 ms each.
    expect(start.phases[1]!.ms).toBeGreaterThan(120);
  });

  it("tells what each module takes alone, and with what it imports, ES module or CommonJS", async () => {
    const { modules, moduleCount } = await coldStart();
    const times = new Map(modules.map(({ url, ...rest }) => [url.slice(url.lastIndexOf("/") + 1), rest]));
    expect(modules.length).toBeLessThanOrEqual(10);
    expect(moduleCount).toBeGreaterThanOrEqual(modules.length);
    expect(modules[0]!.url).toMatch(/cold\.mjs$/);
    for (const [name, total] of [
      ["slow-module.mjs", 120],
      ["slow-required.cjs", 80],
      ["slow-inner.cjs", 40],
    ] as const) {
      const { selfMs, totalMs } = times.get(name)!;
      expect(selfMs).toBeGreaterThanOrEqual(40);
      expect(totalMs).toBeGreaterThanOrEqual(total);
    }
    expect(times.get("slow-inner.cjs")!.totalMs).toBe(times.get("slow-inner.cjs")!.selfMs);
  });

  it.runIf(everything)("tells what the workers of a lane take", async () => {
    const { phases } = await measured(COLD, "--export", "onThread");
    expect(phases.map(({ phase }) => phase)).toEqual(["node", "imports", "workers", "resources", "call"]);
  });

  it("tells what resources take, and counts them before the first call", async () => {
    const { phases, resources } = await measured(COLD, "--export", "usesResource");
    expect(phases.map(({ phase }) => phase)).toEqual(["node", "imports", "resources", "call"]);
    expect(phases[2]!.ms).toBeGreaterThan(590);
    expect(phases[3]!.ms).toBeLessThan(590);
    expect(resources).toEqual([
      { name: "slow", scope: "worker", where: "loop", worker: null, loadMs: expect.any(Number) },
    ]);
  });

  it.runIf(everything)(
    "gives the first call its input, and the pipeline arguments as if it had been started itself",
    async () => {
      await measured(COLD, "--export", "checks", "--input", '{"ok":true}');
    },
  );

  it.runIf(everything)("takes a runnable of LangChain", async () => {
    const { phases } = await measured(fixture("langchain.mjs"), "--input", '"a"');
    expect(phases.map(({ phase }) => phase)).toEqual(["node", "imports", "call"]);
  });

  it.runIf(everything)("takes a function, and counts Runlane with what is imported for it", async () => {
    const { phases } = await measured(fixture("shout.mjs"), "--input", '"a"');
    expect(phases.map(({ phase }) => phase)).toEqual(["node", "imports", "call"]);
  });

  it.runIf(everything)("loads TypeScript, on Node that cannot too", async () => {
    const cwd = scratchFolder();
    writeFileSync(join(cwd, "package.json"), '{"type":"module"}');
    writeFileSync(join(cwd, "pipeline.ts"), "const n: number = 1;\nexport default (x: number) => x + n;\n");
    const native = Boolean((process.features as { typescript?: unknown }).typescript);
    const { code, stdout } = await runHere(["coldstart", "pipeline.ts", "--runs", "1", "--json"], { cwd });
    expect(code).toBe(0);
    const { phases, modules }: ColdStart = JSON.parse(stdout);
    const names = phases.map(({ phase }) => phase);
    expect(names).toEqual(["node", ...(native ? [] : ["typescript"]), "imports", "call"]);
    expect(modules[0]!.url).toContain("pipeline.ts");
  });

  it("shows a table, a waterfall and the modules, and exits with 0 within the budget", async () => {
    const args = ["coldstart", COLD, "--runs", "1", "--budget", "60000"];
    const { code, stdout, stderr } = await runHere(args, { cwd: scratchFolder() });
    expect(code).toBe(0);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^.*cold\.mjs: .* to the first output \(Node [\d.]+, median of 1 start\)\n/);
    expect(stdout).toMatch(/│ imports +│ +[\d.]+ m?s │ +\d+ % │ +█+/);
    expect(stdout).toContain("slow-required.cjs");
    expect(stdout).not.toContain("pipelines may print");
    expect(stdout).toMatch(/\nwithin the budget of 1 min 0 s\n$/);
  });

  it.runIf(everything)("exits with 1 over the budget", async () => {
    const over = await runHere(["coldstart", COLD, "--runs", "1", "--budget", "1"], { cwd: scratchFolder() });
    expect(over.code).toBe(1);
    expect(over.stdout).toMatch(/over the budget of 1\.00 ms\n$/);
  });

  /** Each of them starts a process, to the same end. */
  const starts = new Set([
    "no such export",
    "a process that exits",
    "a call that takes too long",
    "an export that cannot run",
  ]);
  it.each(
    [
      ["no such file", ["gone.mjs"], /there is no pipeline module gone\.mjs/],
      ["no such export", [COLD, "--export", "gone"], /needs a runnable.* as its export gone, but it has none/],
      ["an export that cannot run", [COLD, "--export", "number"], /as its export number, but it is the number 42/],
      ["a module that does not load", ["throws.mjs"], /cannot load throws\.mjs:2: TypeError: Cannot read/],
      [
        "a first call that fails without an input",
        [COLD, "--export", "needsText"],
        /failed when its first call was made: TypeError: .*; it got null, give it an input with --input <json>$/m,
      ],
      ["a call that nothing ends", [COLD, "--export", "never"], /waits for a promise that nothing will settle/],
      ["a call that takes too long", [COLD, "--export", "hangs", "--timeout", "300"], /was not done after 300 ms/],
      ["a process that exits", [COLD, "--export", "exits"], /ended with exit code 7 before its first output/],
      [
        "an error that nobody can catch",
        [COLD, "--export", "throwsLater"],
        /ended with exit code 1 before its first output: RangeError: out of nowhere/,
      ],
      ["an input that is no JSON", [COLD, "--input", "text"], /--input is no JSON: .*'"text"'/],
      ["no pipeline", [], /missing required argument 'pipeline'/],
      ["a budget of nothing", [COLD, "--budget", "0"], /'0' is invalid\. It must be a number of milliseconds above 0/],
      ["no runs", [COLD, "--runs", "0"], /'0' is invalid\. It must be a whole number from 1 up/],
    ].filter(([what]) => everything || !starts.has(what as string)) as [string, string[], RegExp][],
  )("ends with exit code 2 and one line: %s", async (_what, args, message) => {
    const cwd = scratchFolder();
    writeFileSync(join(cwd, "throws.mjs"), "const a = undefined;\nexport default a.b;\n");
    const { code, stdout, stderr } = await runHere(
      ["coldstart", ...args, ...(args[0] ? ["--runs", "1"] : [])].slice(0, 12),
      {
        cwd,
      },
    );
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^runlane: [^\n]+\n$/);
    expect(code).toBe(2);
    expect(stdout).toBe("");
  });

  it("tells its options and an example", async () => {
    const { code, stdout } = await runHere(["help", "coldstart"], { cwd: scratchFolder() });
    expect(code).toBe(0);
    for (const option of ["export", "input", "runs", "budget", "timeout", "json"])
      expect(stdout).toContain(`--${option}`);
    expect(stdout).toContain("$ runlane coldstart");
    expect(stdout.split("\n").filter((line) => line.length > 96)).toEqual([]);
  });
});

describe("the clock of modules", () => {
  it("gives a module its own time, and those that it imports to their first importer", () => {
    const clock = new ModuleClock();
    clock.add("a", undefined, 1);
    clock.add("b", "a", 2);
    clock.add("c", "b", 4);
    clock.add("c", "a", 8);
    const times = Object.fromEntries(clock.times().map(({ url, selfMs, totalMs }) => [url, [selfMs, totalMs]]));
    expect(times).toEqual({ a: [1, 15], b: [2, 14], c: [12, 12] });
  });

  it("does not go round in a circle of imports", () => {
    const clock = new ModuleClock();
    clock.add("a", "b", 1);
    clock.add("b", "a", 2);
    expect(
      clock
        .times()
        .map(({ totalMs }) => totalMs)
        .sort(),
    ).toEqual([3, 4]);
  });
});

describe("what is shown", () => {
  it("names modules of packages by their packages, and others by their paths", () => {
    expect(moduleName("node:fs")).toBe("node:fs");
    expect(moduleName("file:///x/node_modules/a/node_modules/@b/c/d.js?v=1")).toBe("@b/c/d.js");
    expect(moduleName(new URL("src/a.ts", `file://${process.cwd()}/`).href)).toBe("src/a.ts");
  });

  it("is a waterfall in which each phase begins where the one before it ends", () => {
    const shown = showColdStart({
      pipeline: "p.ts",
      export: "default",
      node: "22.0.0",
      runs: 3,
      totalMs: 100,
      budgetMs: 90,
      withinBudget: false,
      phases: [
        { phase: "node", startMs: 0, ms: 25 },
        { phase: "imports", startMs: 25, ms: 50 },
        { phase: "resources", startMs: 75, ms: 24.9 },
        { phase: "call", startMs: 99.9, ms: 0.1 },
      ],
      modules: [{ url: "file:///x/node_modules/a/b.js", selfMs: 10, totalMs: 40 }],
      moduleCount: 12,
      resources: [{ name: "model", scope: "worker", where: "thread", worker: 1, loadMs: 20 }],
    });
    expect(shown).toContain(`│ ${"█".repeat(10)}${" ".repeat(30)} │`);
    expect(shown).toContain(`│ ${" ".repeat(10)}${"█".repeat(20)}${" ".repeat(10)} │`);
    expect(shown).toContain(`│ ${" ".repeat(30)}${"█".repeat(10)} │`);
    expect(shown).toContain(`│ ${" ".repeat(39)}█ │`);
    expect(shown).toContain("the 1 dearest of 12 modules");
    expect(shown).toMatch(/│ model +│ 20\.0 ms │ thread 1 │ worker │/);
    expect(shown).toMatch(/10\.0 ms over the budget of 90\.0 ms$/);
  });
});

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";
import { afterAll, describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { everything } from "../everything.ts";
import { emptyProject } from "./installed.mjs";

/** What works without Node's modules. */
const EVERYWHERE = ["runlane", "runlane/graph", "runlane/context", "runlane/remote"];
const ENTRIES = Object.keys(packageJson.exports)
  // That entry is for who has LangChain.
  .filter((name) => name !== "./package.json" && name !== "./langchain")
  .map((name) => name.replace(/^\./, "runlane"));

const PROGRAM = `
import { processes, RunnableLambda, threads } from "runlane";

const limit = 3;
const square = RunnableLambda.from((x) => x * x);
const above = RunnableLambda.from((x) => x > limit);
const cells = {
  source: (lane) => square.withLane(lane).batch([2, 4]),
  captured: (lane) => above.withLane(lane).invoke(4),
  module: (lane) => RunnableLambda.fromModule(new URL("./halve.js", import.meta.url), "halve", { lane }).invoke(4),
};

async function main() {
  const outcomes = {};
  for (const open of [threads, processes]) {
    const pool = open({ max: 1 });
    for (const [name, run] of Object.entries(cells))
      outcomes[open.name + " " + name] = await (async () => run(pool))().catch((error) => error.code ?? error.stack);
    await pool.close();
  }
  console.log(JSON.stringify(outcomes));
}
main();
`;
const project = emptyProject({
  "program.js": PROGRAM,
  "halve.js": 'import { two } from "./two.js";\nexport const halve = (x) => x / two;',
  "two.js": "export const two = 2;",
});
afterAll(project.remove);

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Bundles the program, and runs it where there are no packages. */
async function runBundled(options: BuildOptions): Promise<unknown> {
  const out = join(project.folder, "out");
  rmSync(out, { recursive: true, force: true });
  await build({
    absWorkingDir: project.folder,
    entryPoints: ["program.js"],
    bundle: true,
    platform: "node",
    outdir: out,
    ...options,
  });
  const elsewhere = mkdtempSync(join(tmpdir(), "runlane-moved-"));
  folders.push(elsewhere);
  cpSync(out, elsewhere, { recursive: true });
  const program = join(elsewhere, `program${options.outExtension?.[".js"] ?? ".js"}`);
  return JSON.parse(execFileSync(process.execPath, [program], { cwd: elsewhere, encoding: "utf8" }));
}

const ESM: BuildOptions = { format: "esm", outExtension: { ".js": ".mjs" } };
const CJS: BuildOptions = { format: "cjs", outExtension: { ".js": ".cjs" } };
const { esbuildPlugin } = await import(join(project.folder, "node_modules/runlane/dist/bundler/index.js"));

/** What the program prints, when its cells are the same on both lanes. */
const both = (cells: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    ["threads", "processes"].flatMap((lane) => Object.entries(cells).map(([name, cell]) => [`${lane} ${name}`, cell])),
  );

describe("esbuild, with nothing but runlane installed", () => {
  it.each([
    ["browser", EVERYWHERE],
    ["node", ENTRIES],
  ] as const)("bundles all entries for the platform %s, without externals", async (platform, entries) => {
    const contents = entries.map((name, index) => `export * as entry${index} from ${JSON.stringify(name)};`).join("");
    const { errors } = await build({
      stdin: { contents, resolveDir: project.folder },
      bundle: true,
      write: false,
      format: "esm",
      platform,
      logLevel: "silent",
    });
    expect(errors).toEqual([]);
  });
});

describe("an import of which nothing is used", () => {
  const bundled = async (contents: string) => {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: project.folder },
      bundle: true,
      write: false,
      format: "esm",
      platform: "node",
      external: ["@langchain/core/*"],
      logLevel: "silent",
    });
    return outputFiles[0]!.text;
  };

  it("adds nothing to a bundle", async () => {
    expect(await bundled('import { RunnableLambda } from "runlane"; import { inspect } from "runlane/inspect";')).toBe(
      "",
    );
  });

  it.each(["context", "langchain"])("stays where importing is what it is for: runlane/%s", async (entry) => {
    expect(await bundled(`import "runlane/${entry}";`)).toContain("class RunnableLambda");
  });
});

describe("a program that esbuild has bundled, moved to where there are no packages", () => {
  it.each<[string, BuildOptions]>([
    ["in chunks, minified, with names kept", { ...ESM, splitting: true, minify: true, keepNames: true }],
    ...(everything
      ? ([
          ["as CommonJS", CJS],
          ["as ES modules", ESM],
        ] as [string, BuildOptions][])
      : []),
  ])("runs its lanes with the plugin, %s", async (_, options) => {
    const cells = { source: [4, 16], captured: "RUNLANE_CAPTURED_VARIABLE", module: 2 };
    expect(await runBundled({ ...options, plugins: [esbuildPlugin()] })).toEqual(both(cells));
  });

  it("says without the plugin that it was bundled", async () => {
    const cells = {
      source: "RUNLANE_BUNDLED",
      captured: "RUNLANE_CAPTURED_VARIABLE",
      module: "RUNLANE_MODULE_NOT_FOUND",
    };
    expect(await runBundled(ESM)).toEqual(both(cells));
  });
});

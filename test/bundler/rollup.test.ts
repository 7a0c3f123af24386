import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { rollupPlugin } from "../../src/bundler/index.ts";
import { emptyProject } from "./installed.mjs";

const project = emptyProject({ "half.js": "export const half = (x) => x / 2;" });
afterAll(project.remove);
const program = join(project.folder, "program.js");
const CODE = `const half = RunnableLambda.fromModule(
  new URL("./half.js", import.meta.url),
  "half",
);`;

/** What a bundler does with a module, as far as the plugin asks it to. */
async function transformed(code: string, id = program) {
  const emitted: { type: string; id?: string; name?: string; source?: string }[] = [];
  const plugin = rollupPlugin();
  const context = {
    emitFile: (file: object) => `ref${emitted.push(file as (typeof emitted)[number])}`,
    getFileName: (reference: string) => `${reference}.mjs`,
    resolve: async (source: string) => ({ id: source }),
  };
  return { plugin, emitted, context, result: await plugin.transform.call(context, code, id) };
}

/** The file of a server program that a reference is in, and the one that it means. */
const REFERENCE = { fileName: "assets/half.js", chunkId: "chunks/program.js", format: "es" };
const SERVER = { environment: { config: { consumer: "server" as const } } };

describe("the plugin for Rollup, Vite and Rolldown", () => {
  it("makes a chunk of a module that fromModule names, and moves no line", async () => {
    const { emitted, result } = await transformed(CODE);
    expect(emitted).toEqual([{ type: "chunk", id: join(project.folder, "half.js") }]);
    expect(result?.code).toContain("  new URL(import.meta.ROLLUP_FILE_URL_ref1),\n");
    expect(result?.code.split("\n")).toHaveLength(CODE.split("\n").length);
  });

  it("emits a module once that is named twice", async () => {
    const { emitted, result } = await transformed(`${CODE}\n${CODE}`);
    expect(emitted).toHaveLength(1);
    expect(result?.code.match(/ROLLUP_FILE_URL_ref1/g)).toHaveLength(2);
  });

  it("puts the file of the workers beside the bundle, as it is", async () => {
    const entry = join(project.folder, "node_modules/runlane/dist/worker.mjs");
    const inChunk = join(project.folder, "node_modules/runlane/dist/chunks/some.js");
    const { emitted, result } = await transformed('new URL("../worker.mjs", import.meta.url)', inChunk);
    expect(emitted).toEqual([{ type: "asset", name: basename(entry), source: readFileSync(entry, "utf8") }]);
    expect(result?.code).toBe("new URL(import.meta.ROLLUP_FILE_URL_ref1)");
  });

  it("puts that file back where a bundler has dropped it, as Vite does for servers", async () => {
    const inChunk = join(project.folder, "node_modules/runlane/dist/chunks/some.js");
    const { plugin, emitted, context } = await transformed('new URL("../worker.mjs", import.meta.url)', inChunk);
    plugin.generateBundle.handler.call(context, {}, { "ref1.mjs": {} });
    expect(emitted).toHaveLength(1);
    plugin.generateBundle.handler.call(context, {}, {});
    expect(emitted[1]).toEqual({ type: "asset", fileName: "ref1.mjs", source: emitted[0]?.source });
  });

  it.each([
    ["code that names no module", "export const one = 1;"],
    ["a module that is not there", CODE.replace("half.js", "quarter.js")],
    ["a worker of somebody else's", 'new URL("../worker.mjs", import.meta.url)'],
  ])("leaves %s alone", async (_, code) => {
    expect(await transformed(code)).toMatchObject({ emitted: [], result: undefined });
  });

  it("names files of a server by their place beside the program, and leaves all others to the bundler", async () => {
    const { plugin } = await transformed(CODE);
    const url = (context: object, referenceId = "ref1", format = "es") =>
      plugin.resolveFileUrl.handler.call(context, { ...REFERENCE, referenceId, format });
    expect(url(SERVER)).toBe('new URL("../assets/half.js", import.meta.url).href');
    expect(url(SERVER, "ref1", "cjs")).toContain("__filename");
    expect(url(SERVER, "another")).toBe(null);
    expect(url({ environment: { config: { consumer: "client" } } })).toBe(null);
    expect(url({})).toBe(null);
  });
});

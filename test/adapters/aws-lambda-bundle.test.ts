import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";
import { expect, it, onTestFinished } from "vitest";
import { everything } from "../everything.ts";
import { LambdaFunction } from "./runtime-api.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Bundles a function as docs/serverless.md says, into a folder that has no packages anywhere above it. */
async function bundled(
  names: Record<string, string>,
  options: BuildOptions,
): Promise<{ folder: string; file: string }> {
  const folder = mkdtempSync(join(tmpdir(), "runlane-bundle-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const paths = Object.entries(names).map(([out, name]) => [out, join(ROOT, "test/fixtures/aws-lambda", name)]);
  await build({
    ...options,
    entryPoints: Object.fromEntries(paths),
    bundle: true,
    platform: "node",
    format: "esm",
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    logLevel: "silent",
  });
  return { folder, file: join(folder, "index.mjs") };
}

it("a function without lanes is bundled with Runlane, and needs no packages", async () => {
  const { file } = await bundled(
    { index: "here.mjs" },
    {
      splitting: true,
      minify: true,
      keepNames: true,
      external: ["@langchain/core", "beautiful-mermaid", "@resvg/resvg-js"],
    },
  );
  const func = await LambdaFunction.start("both", { file });
  expect(JSON.parse((await func.invoke("to be")).body)).toEqual({ words: "tobe", length: 5 });
  const streamed = await LambdaFunction.start("streamed", { file });
  expect((await streamed.invoke("to be")).body).toBe("tobe");
});

it.runIf(everything)(
  "a function with lanes is bundled without Runlane, which lies beside it for its workers",
  async () => {
    const { folder, file } = await bundled(
      { index: "in-threads.mjs", "where-module": "where-module.mjs" },
      { minifySyntax: true, minifyWhitespace: true, external: ["runlane"] },
    );
    const packages = join(folder, "node_modules");
    mkdirSync(join(packages, "runlane"), { recursive: true });
    for (const part of ["package.json", "dist"])
      cpSync(join(ROOT, part), join(packages, "runlane", part), { recursive: true });
    cpSync(join(ROOT, "node_modules/acorn"), join(packages, "acorn"), { recursive: true, dereference: true });
    const there = await LambdaFunction.start("there", { file });
    expect(JSON.parse((await there.invoke(1)).body)).toEqual({ input: 1, isMainThread: false });
    const byModule = await LambdaFunction.start("byModule", { file });
    expect(JSON.parse((await byModule.invoke(1)).body)).toEqual({ input: 1, isMainThread: false });
    const here = await LambdaFunction.start("here", { file });
    expect(JSON.parse((await here.invoke(1)).body)).toEqual({ input: 1, isMainThread: true });
  },
);

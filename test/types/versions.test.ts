import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { everything } from "../everything.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const home = join(root, ".cache", "types");
let folder: string;

/** A project of somebody else: with the package as it is published, and without the types of anything but the language and browsers. */
beforeAll(() => {
  mkdirSync(home, { recursive: true });
  folder = mkdtempSync(join(home, "project-"));
  const installed = join(folder, "node_modules", "runlane");
  cpSync(join(root, "dist"), join(installed, "dist"), {
    recursive: true,
    filter: (path) => !/\.(?:js|map)$/.test(path),
  });
  cpSync(join(root, "package.json"), join(installed, "package.json"));
  cpSync(join(root, "test/fixtures/types"), folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const versions = { "5.2": "typescript52", "5.9": "typescript59", "7": "typescript" };
/** How modules are found, with the kind of module that goes with it. TypeScript 7 has no `node10` any more. */
const resolutions = { nodenext: "nodenext", bundler: "esnext", node10: "esnext" };

const cells = Object.keys(versions).flatMap((version) =>
  Object.keys(resolutions)
    .filter((resolution) => !(version === "7" && resolution === "node10"))
    .map((resolution) => [version, resolution] as [keyof typeof versions, keyof typeof resolutions]),
);
/** The one that takes a second. What older ones lack comes to light with the others, as what older Nodes lack does. */
const short: typeof cells = [["7", "nodenext"]];

describe.each(everything ? cells : short)("the types, in TypeScript %s and found by %s", (version, resolution) => {
  it("compile whole, with es2022 and dom", () => {
    const config = join(folder, `tsconfig.${version}.${resolution}.json`);
    const compilerOptions = {
      strict: true,
      skipLibCheck: false,
      declaration: true,
      noEmit: true,
      target: "es2022",
      lib: ["es2022", "dom"],
      types: [],
      module: resolutions[resolution],
      moduleResolution: resolution,
    };
    writeFileSync(config, JSON.stringify({ compilerOptions, files: ["program.ts"] }));
    const tsc = join(root, "node_modules", versions[version], "bin", "tsc");
    const { stdout, status } = spawnSync(process.execPath, [tsc, "-p", config], { encoding: "utf8" });
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });
});

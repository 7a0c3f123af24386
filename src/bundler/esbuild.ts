import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { referencesIn, replaced } from "./references.ts";

/** The interface of esbuild as far as the plugin uses it: there may be any version of it, or none. */
interface Build {
  readonly initialOptions: object;
  readonly esbuild: { build(options: object): Promise<{ outputFiles?: readonly { readonly contents: Uint8Array }[] }> };
  onResolve(options: { filter: RegExp }, callback: (args: { path: string }) => object): void;
  onLoad(
    options: { filter: RegExp; namespace?: string },
    callback: (args: { path: string }) => Promise<object | undefined>,
  ): void;
}

/** The options that matter to the plugin, and those that are not for the modules that it bundles itself. */
interface Options {
  readonly format?: string;
  readonly platform?: string;
  readonly plugins?: unknown;
  readonly outdir?: unknown;
  readonly outfile?: unknown;
  readonly metafile?: unknown;
}

const SCHEME = "runlane-file:";
const LOADERS: Readonly<Record<string, string>> = {
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
  ".jsx": "jsx",
};

/**
 * A plugin for esbuild that lets lanes work in a bundle, wherever that is moved to: the file that workers start with is put beside it,
 * and so are the modules that `RunnableLambda.fromModule(new URL("./module.js", import.meta.url), ...)` names, each bundled.
 *
 * @example
 * <!-- no-run: it would bundle a program that is not here -->
 * ```ts
 * import { build } from "esbuild";
 * import { esbuildPlugin } from "runlane/bundler";
 *
 * await build({ entryPoints: ["server.ts"], bundle: true, platform: "node", format: "esm", outdir: "out", plugins: [esbuildPlugin()] });
 * ```
 */
export function esbuildPlugin(): { name: string; setup(build: Build): void } {
  return {
    name: "runlane",
    setup(build) {
      const { format, platform } = build.initialOptions as Options;
      const isCommonJs = (format ?? (platform === "node" ? "cjs" : "esm")) === "cjs";
      // esbuild leaves `import.meta` empty in CommonJS.
      const here = isCommonJs ? 'require("node:url").pathToFileURL(__filename)' : "import.meta.url";
      /** Files that need nothing beside them. */
      const whole = new Set<string>();
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, async ({ path }) => {
        const code = await readFile(path, "utf8");
        const references = referencesIn(code, path);
        if (references.length === 0) return undefined;
        for (const { file, isWorker } of references) if (isWorker) whole.add(file);
        const names = new Map(references.map(({ file }, index) => [file, `__runlane_file${index}`]));
        const imports = [...names]
          .map(([file, name]) => `import ${name} from ${JSON.stringify(SCHEME + file)};`)
          .join("");
        const replacement = replaced(code, references, ({ file }) => `new URL(${names.get(file)}, ${here})`);
        // Imports may stand anywhere, and at the end they move no line.
        const contents = `${replacement}\n${imports}`;
        return { contents, loader: LOADERS[extname(path)] ?? "js" };
      });
      build.onResolve({ filter: new RegExp(`^${SCHEME}`) }, ({ path }) => {
        return { path: path.slice(SCHEME.length), namespace: SCHEME };
      });
      build.onLoad({ filter: /.*/, namespace: SCHEME }, async ({ path }) => {
        return { contents: whole.has(path) ? await readFile(path) : await bundled(build, path), loader: "file" };
      });
    },
  };
}

/** A module with all that it imports, in one file. */
async function bundled({ esbuild, initialOptions }: Build, path: string): Promise<Uint8Array | undefined> {
  const { plugins: _, outdir: __, outfile: ___, metafile: ____, ...options } = initialOptions as Options;
  const { outputFiles } = await esbuild.build({
    ...options,
    entryPoints: [path],
    bundle: true,
    splitting: false,
    write: false,
    sourcemap: false,
    format: "esm",
  });
  return outputFiles?.[0]?.contents;
}

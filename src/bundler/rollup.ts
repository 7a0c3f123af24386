import { readFile } from "node:fs/promises";
import { basename, posix } from "node:path";
import { referencesIn, replaced } from "./references.ts";

/** Rollup's context, which Vite and Rolldown have too, as far as it is used. */
interface Context {
  emitFile(file: object): string;
  getFileName(reference: string): string;
  resolve(source: string, importer: string): Promise<{ readonly id: string } | null>;
}

/** A reference to a file that was emitted, and the chunk in which it stands. */
interface FileReference {
  readonly referenceId: string;
  readonly fileName: string;
  readonly chunkId: string;
  readonly format: string;
}

interface RollupPlugin {
  readonly name: string;
  /** Vite: the development server loads packages as they are. */
  readonly apply: "build";
  transform(this: Context, code: string, id: string): Promise<{ code: string; map: null } | undefined>;
  readonly resolveFileUrl: {
    /** Before Vite's own. */
    readonly order: "pre";
    handler(this: ViteContext, reference: FileReference): string | null;
  };
  readonly generateBundle: {
    /** After Vite's own. */
    readonly order: "post";
    handler(this: Context, options: object, bundle: object): void;
  };
}

/** What Vite has in the context of hooks: what the code of this build is for. */
interface ViteContext {
  readonly environment?: { readonly config: { readonly consumer: "client" | "server" } };
}

/**
 * A plugin for Rollup, Vite and Rolldown that lets lanes work in a bundle, wherever that is moved to: the file that workers start with
 * is put beside it, and the modules that `RunnableLambda.fromModule(new URL("./module.js", import.meta.url), ...)` names become chunks.
 *
 * @example
 * <!-- no-run: it would bundle a program that is not here -->
 * ```ts
 * import { rollup } from "rollup";
 * import { rollupPlugin } from "runlane/bundler";
 *
 * await rollup({ input: "server.js", plugins: [rollupPlugin()] });
 * ```
 */
export function rollupPlugin(): RollupPlugin {
  const ours = new Set<string>();
  /** What workers start with, by its reference. */
  const workers = new Map<string, string>();
  return {
    name: "runlane",
    apply: "build",
    async transform(code, id) {
      const references = referencesIn(code, id);
      if (references.length === 0) return undefined;
      const emitted = new Map<string, string>();
      for (const { file, isWorker } of references) {
        if (emitted.has(file)) continue;
        const source = isWorker ? await readFile(file, "utf8") : "";
        const reference = this.emitFile(
          isWorker
            ? { type: "asset", name: basename(file), source }
            : { type: "chunk", id: (await this.resolve(file, id))?.id ?? file },
        );
        if (isWorker) workers.set(reference, source);
        emitted.set(file, reference);
        ours.add(reference);
      }
      const address = (file: string): string => `new URL(import.meta.ROLLUP_FILE_URL_${emitted.get(file)})`;
      return { code: replaced(code, references, ({ file }) => address(file)), map: null };
    },
    resolveFileUrl: {
      order: "pre",
      handler({ referenceId, fileName, chunkId, format }) {
        // Vite names files by their path on a web server, which the files of a server program are not on.
        if (!ours.has(referenceId) || this.environment?.config.consumer !== "server") return null;
        const path = JSON.stringify(posix.relative(posix.dirname(chunkId), fileName));
        const here = format === "cjs" ? 'require("node:url").pathToFileURL(__filename)' : "import.meta.url";
        return `new URL(${path}, ${here}).href`;
      },
    },
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        for (const [reference, source] of workers) {
          const fileName = this.getFileName(reference);
          // Vite drops all assets of a server program.
          if (!Object.hasOwn(bundle, fileName)) this.emitFile({ type: "asset", fileName, source });
        }
      },
    },
  };
}

import type { RunnableConfig } from "../../core/config.ts";
import type { Chunked } from "../../core/streams/chunks.ts";
import { isRunnable, loadExport } from "../../shipping/functions/load-export.ts";
import { markModule, moduleRef } from "../../shipping/functions/module-ref.ts";

/** The input type of an exported function or runnable. */
export type ExportInput<Export> =
  Export extends Invokable<infer Input, unknown>
    ? Input
    : // biome-ignore lint/suspicious/noExplicitAny: functions of all types are exported
      Export extends (input: infer Input, options: any) => unknown
      ? Input
      : never;

/** The output type of an exported function or runnable. */
export type ExportOutput<Export> =
  Export extends Invokable<never, infer Output>
    ? Output
    : // biome-ignore lint/suspicious/noExplicitAny: functions of all types are exported
      Export extends (...args: any[]) => infer Result
      ? Settled<Awaited<Result>>
      : never;

/** A runnable, Runlane's or LangChain's. */
interface Invokable<Input, Output> {
  lc_serializable: boolean;
  invoke(input: Input, options?: Partial<RunnableConfig>): Promise<Output>;
}

/** The output type behind the value that a function returned: a runnable's output, an iteration's chunks, or the value itself. */
type Settled<Value> =
  Value extends Invokable<never, infer Output> ? Output : Value extends Chunked<infer Chunk> ? Chunk : Value;

/** The module export that a function stands for. */
export interface Preload {
  /** Imports the module before the function is called. Resolves to the export. */
  load(): Promise<unknown>;
  /** The export, once the module has been imported; undefined before. */
  readonly exported: unknown;
}

const PRELOAD = Symbol("preload");

/** How the module of a function is imported; undefined when the function is here already. */
export function preloadOf(func: object): Preload | undefined {
  return (func as { [PRELOAD]?: Preload })[PRELOAD];
}

type Func = (input: unknown, config: RunnableConfig) => unknown;

/**
 * A function that stands for an export of a module: other threads import it, and so does this one, when it is first called. From
 * then on calls are as sync as the export.
 *
 * @throws RUNLANE_INVALID_OPTION, RUNLANE_MODULE_NOT_FOUND; calls throw RUNLANE_EXPORT_NOT_FOUND and what the module throws
 */
export function moduleFunction(url: string | URL, exportName: string, where = "RunnableLambda.fromModule"): Func {
  const ref = moduleRef(url, exportName, where);
  let loaded: Func | undefined;
  let loading: Promise<unknown> | undefined;
  let exported: unknown;

  async function load(): Promise<unknown> {
    try {
      exported = await loadExport(ref, where);
      loaded = isRunnable(exported) ? () => exported : (exported as unknown as Func);
      return exported;
    } finally {
      loading = undefined;
    }
  }

  const func: Func = (input, config) => {
    if (loaded !== undefined) return loaded(input, config);
    loading ??= load();
    return loading.then(() => loaded!(input, config));
  };
  const preload: Preload = {
    load() {
      loading ??= load();
      return loading;
    },
    get exported() {
      return exported;
    },
  };
  Object.defineProperty(func, PRELOAD, { value: preload });
  const name = exportName === "default" ? fileName(ref.url) : exportName;
  return markModule(Object.defineProperty(func, "name", { value: name }), ref);
}

function fileName(url: string): string {
  const [name = ""] = url.slice(url.lastIndexOf("/") + 1).split(".");
  return decodeURIComponent(name);
}

import type { ResourceLoader, ResourceOptions, ResourceUses } from "../resources/declaration.ts";
import { declare } from "../resources/registry.ts";
import { Resource } from "../resources/resource.ts";
import { moduleFunction } from "./kinds/from-module.ts";

/**
 * Declares something heavy that functions use: a model, a dictionary, a connection. It is loaded once in each place that needs it (once
 * on the event loop, once in each worker of a lane), when it is first used or by `warm`, and never by a call that comes later. A
 * function that names it in `uses` finds its value in `config.uses`.
 *
 * Uses that come at once share one load. A load that fails is the error of all who wait for it, and the next use loads again, after a
 * back-off. On a lane the loader runs in each worker, so it travels as other functions do: from a module ({@link resource.fromModule}), or
 * by its source, which may use what `options.uses` names and nothing else from around it.
 *
 * @param name What errors and tables call it. One name stands for one resource in the whole process.
 * @param load Loads it. It gets `uses` (of resources their values), `use` and a `signal` that aborts when its time is up.
 * @throws RUNLANE_INVALID_OPTION, RUNLANE_RESOURCE_CONFLICT when there is another resource of that name.
 * @example
 * ```ts
 * import { resource, RunnableLambda } from "runlane";
 *
 * const stopWords = resource("stop words", async () => new Set(["the", "of", "and"]));
 * const content = RunnableLambda.from(
 *   (text: string, { uses }) => text.split(" ").filter((word) => !uses.stopWords.has(word)),
 *   { lane: "thread", uses: { stopWords } },
 * );
 * await content.invoke("the art of war"); // ["art", "war"]
 * ```
 */
export function resource<Value, Uses extends ResourceUses = Record<never, never>>(
  name: string,
  load: ResourceLoader<Value, Uses>,
  options: ResourceOptions<Value, Uses> = {},
): Resource<Value> {
  return new Resource(declare(name, load as ResourceLoader<unknown>, options as ResourceOptions));
}

/**
 * Declares a resource whose loader is an export of a module, which each thread imports when it loads it: for loaders that need imports.
 *
 * @param name What errors and tables call it.
 * @param url The module's `file:` URL. Where `./model.js` does not exist, `./model.ts` is taken.
 * @param exportName The name of the loader; `"default"` for the default export.
 * @throws RUNLANE_INVALID_OPTION, RUNLANE_MODULE_NOT_FOUND, RUNLANE_RESOURCE_CONFLICT
 * @example
 * ```ts
 * import { resource } from "runlane";
 *
 * const model = resource.fromModule<typeof import("./model.js"), "loadModel">(
 *   "sentiment",
 *   new URL("./model.js", import.meta.url),
 *   "loadModel",
 *   { dispose: (loaded) => loaded.close() },
 * );
 * ```
 */
resource.fromModule = fromModule;

function fromModule<Module, Name extends keyof Module & string>(
  name: string,
  url: string | URL,
  exportName: Name,
  options?: ResourceOptions<Loaded<Module[Name]>>,
): Resource<Loaded<Module[Name]>>;
// biome-ignore lint/suspicious/noExplicitAny: without a type argument nothing is known of the module
function fromModule(name: string, url: string | URL, exportName: string, options?: ResourceOptions<any>): Resource<any>;
function fromModule(name: string, url: string | URL, exportName: string, options: ResourceOptions = {}): Resource {
  const func = moduleFunction(url, exportName, "resource.fromModule");
  return new Resource(declare(name, func as unknown as ResourceLoader<unknown>, options));
}

/** The value that a loader gives. */
// biome-ignore lint/suspicious/noExplicitAny: functions of all types are exported
export type Loaded<Load> = Load extends (...args: any[]) => infer Value ? Awaited<Value> : never;

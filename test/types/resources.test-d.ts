import { expectTypeOf, it } from "vitest";
import {
  type Resource,
  type ResourceStatus,
  type Runnable,
  RunnableGenerator,
  RunnableLambda,
  resource,
  type WarmProgress,
} from "../../src/index.ts";

interface Model {
  predict(text: string): number;
}

const model = resource("typed model", async (): Promise<Model> => ({ predict: (text) => text.length }));

it("a resource has the type of what its loader gives, promised or not", () => {
  expectTypeOf(model).toEqualTypeOf<Resource<Model>>();
  expectTypeOf(resource("typed set", () => new Set<string>())).toEqualTypeOf<Resource<Set<string>>>();
  expectTypeOf(model.get()).resolves.toEqualTypeOf<Model>();
});

it("a loader of a module gives the type", () => {
  type Module = typeof import("../fixtures/resources/typed.ts");
  const url = new URL("../fixtures/resources/typed.ts", import.meta.url);
  const loaded = resource.fromModule<Module, "loadModel">("typed module", url, "loadModel", {
    dispose: (value) => value.close(),
  });
  expectTypeOf(loaded).toEqualTypeOf<Resource<{ predict: (text: string) => number; close: () => void }>>();
  // @ts-expect-error There is no such export.
  resource.fromModule<Module, "laodModel">("typed module", url, "laodModel");
});

it("a function finds values in the place of resources", () => {
  const classify = RunnableLambda.from(
    (text: string, { uses }) => {
      expectTypeOf(uses).toEqualTypeOf<{ model: Model; limit: number }>();
      return uses.model.predict(text) > uses.limit;
    },
    { uses: { model, limit: 5 } },
  );
  expectTypeOf(classify).toEqualTypeOf<Runnable<string, boolean>>();
  // @ts-expect-error A resource is found as its value.
  RunnableLambda.from((_: string, { uses }) => uses.model.get(), { uses: { model } });
});

it("a generator does too", () => {
  RunnableGenerator.from(
    async function* (chunks: AsyncIterable<string>, { uses }) {
      expectTypeOf(uses).toEqualTypeOf<{ model: Model }>();
      for await (const chunk of chunks) yield uses.model.predict(chunk);
    },
    { uses: { model } },
  );
});

it("a loader does too, and may use others itself", () => {
  const derived = resource(
    "typed derived",
    async ({ uses, use, signal }) => {
      expectTypeOf(uses).toEqualTypeOf<{ model: Model; path: string }>();
      expectTypeOf(use(model)).resolves.toEqualTypeOf<Model>();
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
      return uses.model.predict(uses.path);
    },
    { uses: { model, path: "x" }, dispose: (value) => expectTypeOf(value).toEqualTypeOf<number>() },
  );
  expectTypeOf(derived).toEqualTypeOf<Resource<number>>();
});

it("a chain says what it uses, and is warmed with progress", () => {
  const chain = RunnableLambda.from((text: string) => text);
  expectTypeOf(chain.resources()).toEqualTypeOf<ResourceStatus[]>();
  expectTypeOf(chain.warm({ onProgress: (part) => expectTypeOf(part).toEqualTypeOf<WarmProgress>() })).toEqualTypeOf<
    Promise<void>
  >();
});

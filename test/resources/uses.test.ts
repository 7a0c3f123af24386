import { afterEach, describe, expect, it, vi } from "vitest";
import { RunnableGenerator, RunnableLambda, RunnableMap, RunnablePassthrough, resource } from "../../src/index.ts";
import { disposeResources } from "../../src/resources/loaded.ts";

let names = 0;
const name = (): string => `used ${++names}`;
const loaders = new URL("../fixtures/resources/loaders.mjs", import.meta.url);

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

afterEach(() => disposeResources());

describe("a function that uses a resource", () => {
  it("finds its value in uses, and other values as they are", async () => {
    const model = resource(name(), async () => ({ weight: 3 }));
    const weigh = RunnableLambda.from((x: number, { uses }) => x * uses.model.weight + uses.more, {
      uses: { model, more: 1 },
    });
    expect(await weigh.batch([1, 2])).toEqual([4, 7]);
  });

  it("waits for the load with its first calls, and is sync from then on", async () => {
    const { promise, resolve } = deferred<number>();
    const load = vi.fn(() => promise);
    const factor = resource(name(), load);
    const times = RunnableLambda.from((x: number, { uses }) => x * uses.factor, { uses: { factor } });
    const outs: unknown[] = [];
    const calls = [1, 2, 3].map((x) => times.invoke(x).then((out) => outs.push(out)));
    await turn();
    expect(outs).toEqual([]);
    resolve(10);
    await Promise.all(calls);
    expect(outs).toEqual([10, 20, 30]);
    expect(load).toHaveBeenCalledTimes(1);
    let context: any;
    await RunnableLambda.from((_: number, config) => {
      context = config;
    }).invoke(1);
    expect((times as RunnableLambda).func.length).toBe(2);
    // The kernel's own entry: a value, and not a promise of one.
    expect((times as any).callee(4, context)).toBe(40);
  });

  it("shares the value with every other function of the process", async () => {
    const load = vi.fn(() => ({}));
    const model = resource(name(), load);
    const one = RunnableLambda.from((_: number, { uses }) => uses.model, { uses: { model } });
    const other = RunnableLambda.from((_: number, { uses }) => uses.renamed, { uses: { renamed: model } });
    expect(await one.invoke(1)).toBe(await other.invoke(1));
    expect(load).toHaveBeenCalledTimes(1);
  });

  it("fails with the load, and runs after the next one", async () => {
    let attempts = 0;
    const load = () => {
      if (++attempts === 1) throw new Error("not yet");
      return 2;
    };
    const factor = resource(name(), load, { retry: { initialDelayMs: 0 } });
    const times = RunnableLambda.from((x: number, { uses }) => x * uses.factor, { uses: { factor } });
    await expect(times.invoke(1)).rejects.toMatchObject({ code: "RUNLANE_RESOURCE_LOAD" });
    expect(await times.invoke(2)).toBe(4);
  });

  it("may be a generator", async () => {
    const suffix = resource(name(), async () => "!");
    const shout = RunnableLambda.from(
      function* (text: string, { uses }: { uses: { suffix: string } }) {
        for (const letter of text) yield letter + uses.suffix;
      },
      { uses: { suffix } },
    );
    expect(await shout.invoke("ab")).toBe("a!b!");
    const chunks: string[] = [];
    for await (const chunk of await shout.stream("ab")) chunks.push(chunk as string);
    expect(chunks).toEqual(["a!", "b!"]);
  });

  it("may work on chunks as they come", async () => {
    const suffix = resource(name(), async () => "!");
    const shout = RunnableGenerator.from(
      async function* (chunks: AsyncIterable<string>, { uses }) {
        for await (const chunk of chunks) yield chunk.toUpperCase() + uses.suffix;
      },
      { uses: { suffix } },
    );
    expect(await shout.invoke("a")).toBe("A!");
    expect(await shout.invoke("b")).toBe("B!");
  });

  it("may be of a module, and its loader too", async () => {
    const model = resource.fromModule(name(), loaders, "loadModel");
    const score = RunnableLambda.fromModule(loaders, "score", { uses: { model } });
    expect(await score.invoke("four")).toBe(4);
  });
});

describe("calls in flight", () => {
  const slow = (uses: { model: any }, gate: Promise<unknown>) =>
    RunnableLambda.from(
      async (_: unknown, { uses }: any) => {
        await gate;
        return uses.model.name;
      },
      { uses },
    );

  it("keep what they use from being disposed of", async () => {
    const dispose = vi.fn();
    const { promise, resolve } = deferred<void>();
    const model = resource(name(), () => ({ name: "old" }), { dispose });
    const call = slow({ model }, promise).invoke(1);
    const disposing = model.dispose();
    await turn();
    expect(dispose).not.toHaveBeenCalled();
    resolve();
    expect(await call).toBe("old");
    await disposing;
    expect(dispose).toHaveBeenCalledTimes(1);
  });

  it("go on with the old version, which is disposed of when the last of them has ended", async () => {
    const own = name();
    const dispose = vi.fn();
    const { promise, resolve } = deferred<void>();
    const model = resource(own, () => ({ name: "old" }), { dispose, version: 1 });
    const chain = slow({ model }, promise);
    const before = chain.invoke(1);
    resource(own, () => ({ name: "new" }), { dispose, version: 2 });
    await chain.warm();
    await model.get();
    const after = chain.invoke(1);
    await turn();
    expect(dispose).not.toHaveBeenCalled();
    resolve();
    expect(await before).toBe("old");
    expect(await after).toBe("new");
    await turn();
    expect(dispose).toHaveBeenCalledExactlyOnceWith({ name: "old" });
  });

  it.each([
    [
      "to their end",
      async (chunks: AsyncIterable<unknown>) => {
        for await (const _ of chunks);
      },
    ],
    [
      "until they are left",
      async (chunks: AsyncIterable<unknown>) => {
        for await (const _ of chunks) break;
      },
    ],
  ])("last as long as their chunks are read, %s", async (_, read) => {
    const dispose = vi.fn();
    const model = resource(name(), () => ({ name: "model" }), { dispose });
    const chain = RunnableLambda.from(
      async function* (_: unknown, { uses }: any) {
        yield uses.model.name;
        yield uses.model.name;
      },
      { uses: { model } },
    );
    const stream = await chain.stream(1);
    const disposing = model.dispose();
    await turn();
    expect(dispose).not.toHaveBeenCalled();
    await read(stream);
    await disposing;
    expect(dispose).toHaveBeenCalledTimes(1);
  });
});

describe("warm", () => {
  it("loads what all steps use, before the first input, and tells how far it is", async () => {
    const loads = vi.fn(async () => 1);
    const [a, b, c] = [name(), name(), name()].map((own) => resource(own, loads)) as any[];
    const use = (model: any) => RunnableLambda.from((_: unknown, { uses }: any) => uses.model, { uses: { model } });
    const chain = RunnablePassthrough.assign({ a: use(a) })
      .pipe(RunnableMap.from({ b: use(b).withRetry(), rest: new RunnablePassthrough() }))
      .withFallbacks([use(c)]);
    const told: unknown[] = [];
    await chain.warm({ onProgress: ({ done, total, where }) => told.push([done, total, where]) });
    expect(loads).toHaveBeenCalledTimes(3);
    expect(told).toEqual([
      [1, 3, "loop"],
      [2, 3, "loop"],
      [3, 3, "loop"],
    ]);
    expect(chain.resources().map(({ state }) => state)).toEqual(["ready", "ready", "ready"]);
  });

  it("imports modules of functions", async () => {
    const told: string[] = [];
    await RunnableLambda.fromModule(loaders, "score").warm({ onProgress: (part) => told.push(part.name) });
    expect(told).toEqual(["score"]);
  });

  it("fails with a load that fails", async () => {
    const model = resource(name(), () => Promise.reject(new Error("broken")));
    const chain = RunnableLambda.from((_: unknown, { uses }: any) => uses.model, { uses: { model } });
    await expect(chain.warm()).rejects.toMatchObject({ code: "RUNLANE_RESOURCE_LOAD" });
    expect(chain.resources()).toMatchObject([{ state: "failed", loads: 1 }]);
  });

  it("stops waiting when its signal aborts", async () => {
    const model = resource(name(), () => new Promise(() => {}), { timeoutMs: 50 });
    const chain = RunnableLambda.from((_: unknown, { uses }: any) => uses.model, { uses: { model } });
    const controller = new AbortController();
    const warming = chain.warm({ signal: controller.signal });
    controller.abort();
    await expect(warming).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
    await expect(chain.warm({ signal: controller.signal })).rejects.toThrow();
  });

  it("has nothing to do for a chain that uses nothing", async () => {
    const chain = RunnableLambda.from((x: number) => x);
    await chain.warm();
    expect(chain.resources()).toEqual([]);
  });
});

describe("the list of resources", () => {
  it("has what resources use themselves", async () => {
    const words = resource("listed words", () => ["a"]);
    const count = resource("listed count", ({ uses }) => uses.words.length, { uses: { words } });
    const chain = RunnableLambda.from((_: unknown, { uses }: any) => uses.count, { uses: { count } });
    expect(chain.resources().map((row) => row.name)).toEqual(["listed count", "listed words"]);
  });
});

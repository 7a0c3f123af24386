import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Resource, resource } from "../../src/index.ts";
import { listenToResources, resourceHints } from "../../src/resources/changes.ts";
import { disposeResources } from "../../src/resources/loaded.ts";

let names = 0;
/** Names belong to the whole process. */
const name = (): string => `test ${++names}`;

const code = (value: string) => expect.objectContaining({ code: value });

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(async () => {
  vi.useRealTimers();
  await disposeResources();
});

describe("a resource", () => {
  it("is loaded when it is first used, and never again", async () => {
    const load = vi.fn(() => ({ weight: 3 }));
    const model = resource(name(), load);
    expect(model.status).toMatchObject({ state: "idle", loads: 0, loadMs: null });
    const first = await model.get();
    expect(await model.get()).toBe(first);
    expect(load).toHaveBeenCalledTimes(1);
    expect(model.status).toMatchObject({ state: "ready", where: "loop", worker: null, loads: 1 });
    expect(model.status.loadMs).toBeGreaterThanOrEqual(0);
    expect(model.status.memory).toBeGreaterThanOrEqual(0);
  });

  it("is loaded once for all who need it at once", async () => {
    const load = vi.fn(async () => ({}));
    const model = resource(name(), load);
    const [one, two, three] = await Promise.all([model.get(), model.get(), model.get()]);
    expect(load).toHaveBeenCalledTimes(1);
    expect(two).toBe(one);
    expect(three).toBe(one);
  });

  it("rejects all who wait for a load that fails, with the cause", async () => {
    const cause = new TypeError("no such file.");
    const model = resource(name(), () => Promise.reject(cause));
    const outcomes = await Promise.allSettled([model.get(), model.get()]);
    expect(outcomes).toEqual([
      { status: "rejected", reason: code("RUNLANE_RESOURCE_LOAD") },
      { status: "rejected", reason: (outcomes[0] as PromiseRejectedResult).reason },
    ]);
    expect((outcomes[0] as PromiseRejectedResult).reason).toMatchObject({ cause });
    expect((outcomes[0] as PromiseRejectedResult).reason.message).toContain("TypeError: no such file.");
    expect(model.status).toMatchObject({ state: "failed", error: code("RUNLANE_RESOURCE_LOAD") });
  });

  it("is loaded again by the next use after a failure, when the back-off is over", async () => {
    let attempts = 0;
    const retry = { initialDelayMs: 100, factor: 3, jitter: false };
    const load = () => {
      if (++attempts < 3) throw new Error("not yet");
      return "ready";
    };
    const model = resource(name(), load, { retry });
    await expect(model.get()).rejects.toThrow("not yet");
    const second = model.get();
    second.catch(() => {});
    await vi.advanceTimersByTimeAsync(99);
    expect(attempts).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    await expect(second).rejects.toThrow("not yet");
    const third = model.get();
    await vi.advanceTimersByTimeAsync(299);
    expect(attempts).toBe(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(await third).toBe("ready");
  });

  it("does not wait for a back-off that has passed since the failure", async () => {
    let attempts = 0;
    const load = async () => {
      if (++attempts === 1) throw new Error("not yet");
      return "ready";
    };
    const model = resource(name(), load, { retry: { initialDelayMs: 100, jitter: false } });
    await expect(model.get()).rejects.toThrow();
    vi.setSystemTime(Date.now() + 100);
    expect(await model.get()).toBe("ready");
  });

  it("is given up after its timeout, and what comes later is disposed of", async () => {
    const dispose = vi.fn();
    let late: (value: string) => void = () => {};
    let aborted: AbortSignal | undefined;
    const load = ({ signal }: { signal: AbortSignal }) => {
      aborted = signal;
      return new Promise<string>((resolve) => {
        late = resolve;
      });
    };
    const model = resource(name(), load, { timeoutMs: 50, dispose });
    const waiting = model.get();
    waiting.catch(() => {});
    await vi.advanceTimersByTimeAsync(50);
    await expect(waiting).rejects.toMatchObject(code("RUNLANE_RESOURCE_TIMEOUT"));
    expect(aborted?.aborted).toBe(true);
    late("too late");
    await vi.advanceTimersByTimeAsync(0);
    expect(dispose).toHaveBeenCalledWith("too late");
  });

  it("has a timeout of a minute unless it says otherwise", async () => {
    const model = resource(name(), () => new Promise(() => {}));
    const waiting = model.get();
    const settled = vi.fn();
    waiting.catch(settled);
    await vi.advanceTimersByTimeAsync(59_999);
    expect(settled).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(settled).toHaveBeenCalledWith(code("RUNLANE_RESOURCE_TIMEOUT"));
  });

  it("is disposed of when somebody says so, and loaded again by the next use", async () => {
    const dispose = vi.fn();
    const model = resource(name(), () => ({}), { dispose });
    const first = await model.get();
    await model.dispose();
    expect(dispose).toHaveBeenCalledExactlyOnceWith(first);
    expect(model.status.state).toBe("disposed");
    expect(await model.get()).not.toBe(first);
    expect(model.status.loads).toBe(2);
  });

  it("says what its dispose function threw", async () => {
    const cause = new Error("still open");
    const model = resource(name(), () => ({}), { dispose: () => Promise.reject(cause) });
    await model.get();
    await expect(model.dispose()).rejects.toMatchObject({ code: "RUNLANE_RESOURCE_DISPOSE", cause });
  });

  it("is a Resource with a name, a scope and a version", () => {
    const model = resource("test named", () => 1, { scope: "process", version: "v1" });
    expect(model).toBeInstanceOf(Resource);
    expect(model).toMatchObject({ name: "test named", scope: "process", version: "v1" });
  });

  it.each([
    [["", () => 1], "its name must be a string that is not empty"],
    [["x", 1], "its loader must be a function"],
    [["x", () => 1, { dispose: 1 }], "dispose must be a function"],
    [["x", () => 1, { scope: "thread" }], 'scope must be "worker", "process" or "shared"'],
    [["x", () => 1, { warm: 1 }], "warm must be true or false"],
    [["x", () => 1, { timeoutMs: 0 }], "timeoutMs must be a number of milliseconds above 0"],
    [["x", () => 1, { retry: { factor: -1 } }], "backoff.factor must be a finite number of at least 0"],
    [["x", () => 1, { version: {} }], "version must be a string or a number"],
    [["x", () => 1, { uses: [] }], "uses must be an object"],
    [["x", () => 1, { lazy: true }], "lazy must be left out"],
    [["x", () => 1, null], "its options must be an object"],
  ])("refuses bad options: %o", (args, message) => {
    const make = resource as (...args: unknown[]) => unknown;
    expect(() => make(...(args as unknown[]))).toThrow(code("RUNLANE_INVALID_OPTION"));
    expect(() => make(...(args as unknown[]))).toThrow(message as string);
  });
});

describe("a resource that uses others", () => {
  it("gets their values in uses, loaded before it", async () => {
    const words = resource(name(), async () => ["a", "b"]);
    const count = resource(name(), ({ uses }) => uses.words.length + uses.more, { uses: { words, more: 1 } });
    expect(await count.get()).toBe(3);
  });

  it("may load others itself", async () => {
    const words = resource(name(), async () => ["a", "b"]);
    const count = resource(name(), async ({ use }) => (await use(words)).length);
    expect(await count.get()).toBe(2);
  });

  it("is refused with all names when they wait for each other", async () => {
    const resources: Resource<unknown>[] = [];
    const a = resource("cycle a", async ({ use }) => use(resources[1]!));
    const b = resource("cycle b", async ({ use }) => use(resources[2]!));
    const c = resource("cycle c", async ({ use }) => use(resources[0]!));
    resources.push(a, b, c);
    await expect(a.get()).rejects.toMatchObject({ code: "RUNLANE_RESOURCE_CYCLE" });
    await expect(a.status.error).toMatchObject({ message: expect.stringContaining("cycle") });
  });

  it("is refused when they wait for each other and were asked for at once", async () => {
    const resources: Resource<unknown>[] = [];
    const later = () => new Promise((resolve) => setTimeout(resolve, 5));
    const a = resource("entangled a", async ({ use }) => {
      await later();
      return use(resources[1]!);
    });
    const b = resource("entangled b", async ({ use }) => {
      await later();
      return use(resources[0]!);
    });
    resources.push(a, b);
    const both = Promise.allSettled([a.get(), b.get()]);
    await vi.advanceTimersByTimeAsync(5);
    const outcomes = await both;
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(String((outcomes[0] as PromiseRejectedResult).reason)).toMatch(/"entangled [ab]" → "entangled [ab]" → /);
  });

  it("is refused when it waits for itself", async () => {
    const own: Resource<unknown>[] = [];
    own.push(resource("narcissus", ({ use }) => use(own[0]!)));
    await expect(own[0]!.get()).rejects.toThrow('"narcissus" → "narcissus"');
    const direct: Resource<unknown>[] = [];
    direct.push(resource("echo", () => direct[0]!.get()));
    await expect(direct[0]!.get()).rejects.toThrow('"echo" → "echo"');
  });

  it("fails with them", async () => {
    const broken = resource(name(), () => Promise.reject(new Error("broken")));
    const user = resource(name(), () => 1, { uses: { broken } });
    await expect(user.get()).rejects.toMatchObject({
      code: "RUNLANE_RESOURCE_LOAD",
      cause: { code: "RUNLANE_RESOURCE_LOAD", cause: { message: "broken" } },
    });
  });

  it("refuses to load what is no resource", async () => {
    const model = resource(name(), ({ use }) => use({} as Resource<number>));
    await expect(model.get()).rejects.toMatchObject({ cause: code("RUNLANE_INVALID_OPTION") });
  });

  it("is disposed of before them, in the reverse order of loads", async () => {
    const order: string[] = [];
    const make = (own: string, uses: Record<string, unknown> = {}) =>
      resource(name(), () => own, { uses, dispose: (value) => order.push(value) });
    const first = make("first");
    const second = make("second", { first });
    await make("third", { second }).get();
    await disposeResources();
    expect(order).toEqual(["third", "second", "first"]);
  });
});

describe("two resources of one name", () => {
  it("are one when their loader is one", async () => {
    const load = vi.fn(() => ({}));
    const own = name();
    expect(await resource(own, load).get()).toBe(await resource(own, load).get());
    expect(load).toHaveBeenCalledTimes(1);
  });

  it("are one when their loaders read the same and take nothing from around them", async () => {
    const own = name();
    const make = () => resource(own, () => ({ made: "once" }));
    expect(await make().get()).toBe(await make().get());
  });

  it("are refused when their loaders differ, in their source or in what they take from around them", () => {
    const own = name();
    const make = (weight: number) => resource(own, () => ({ weight }));
    make(1);
    expect(() => make(2)).toThrow(code("RUNLANE_RESOURCE_CONFLICT"));
    expect(() => resource(own, () => "another")).toThrow(`There is a resource "${own}" already, with another loader.`);
  });

  it.each([
    [{ scope: "process" as const }, 'the scope "worker"'],
    [{ dispose: () => {} }, "another dispose function"],
    [{ uses: { a: 1 } }, "other uses"],
  ])("are refused when their options differ: %o", (options, difference) => {
    const own = name();
    const load = () => 1;
    resource(own, load);
    expect(() => resource(own, load, options as object)).toThrow(difference);
  });

  it("are worth a hint when they are declared again and again", () => {
    const told = vi.fn();
    const stop = listenToResources({ hinted: told });
    const load = () => 1;
    for (let call = 0; call < 10; call++) resource("inside a function", load);
    stop();
    expect(told).toHaveBeenCalledTimes(1);
    expect(resourceHints()).toContainEqual(expect.stringContaining('"inside a function" is declared again and again'));
  });
});

describe("a new version", () => {
  it("is loaded beside the old one, which serves until then", async () => {
    const own = name();
    let ready: (value: string) => void = () => {};
    const old = resource(own, () => "old", { version: 1 });
    expect(await old.get()).toBe("old");
    const load = () =>
      new Promise<string>((resolve) => {
        ready = resolve;
      });
    resource(own, load, { version: 2 });
    expect(await old.get()).toBe("old");
    expect(old.status).toMatchObject({ state: "ready", version: 1 });
    ready("new");
    await vi.advanceTimersByTimeAsync(0);
    expect(await old.get()).toBe("new");
    expect(old.status).toMatchObject({ state: "ready", version: 2, loads: 2 });
  });

  it("is tried again after the back-off when it cannot be loaded, and the old one serves on", async () => {
    const own = name();
    let attempts = 0;
    const model = resource(own, () => "old", { version: 1 });
    await model.get();
    const load = () => {
      if (++attempts === 1) throw new Error("not yet");
      return "new";
    };
    resource(own, load, { version: 2, retry: { initialDelayMs: 100, jitter: false } });
    expect(await model.get()).toBe("old");
    expect(await model.get()).toBe("old");
    expect(attempts).toBe(1);
    await vi.advanceTimersByTimeAsync(100);
    await model.get();
    expect(await model.get()).toBe("new");
  });

  it("is not undone by a declaration of the old one", async () => {
    const own = name();
    const load = () => "old";
    resource(own, load, { version: 1 });
    const model = resource(own, () => "new", { version: 2 });
    resource(own, load, { version: 1 });
    expect(await model.get()).toBe("new");
  });
});

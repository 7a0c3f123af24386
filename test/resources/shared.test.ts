import { afterEach, describe, expect, it } from "vitest";
import { RunnableLambda, resource, threads } from "../../src/index.ts";
import { disposeResources } from "../../src/resources/loaded.ts";
import { shareable } from "../../src/resources/shareable.ts";

afterEach(() => disposeResources());

const code = (value: string) => expect.objectContaining({ code: value });

describe("data made shareable", () => {
  it("has its buffers in shared memory, each once", () => {
    const buffer = new Float64Array([1, 2, 3, 4]).buffer;
    const given = { all: new Float64Array(buffer), part: new Uint8Array(buffer, 8, 16), raw: buffer, list: [1, "two"] };
    const shared = shareable(given, "x") as typeof given;
    expect(shared).toEqual({ ...given, raw: expect.any(SharedArrayBuffer) });
    expect(shared.all.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(shared.part.buffer).toBe(shared.all.buffer);
    expect(shared.raw).toBe(shared.all.buffer);
    expect(shared.part.byteOffset).toBe(8);
  });

  it("may lead back to itself", () => {
    const given: any = { bytes: new Uint8Array(1) };
    given.self = given;
    const shared = shareable(given, "x") as any;
    expect(shared.self).toBe(shared);
  });

  it("takes of a Buffer only what it shows", () => {
    const shared = shareable(Buffer.from("word"), "x") as Uint8Array;
    expect(shared).toBeInstanceOf(Uint8Array);
    expect(shared.buffer.byteLength).toBe(4);
    expect(Buffer.from(shared).toString()).toBe("word");
  });

  it.each([
    [{ data: new Uint8Array(1), get: () => 1 }, "its value.get is the function get"],
    [{ list: [new Map()] }, "its value.list[0] is an instance of Map"],
    [new (class Model {})(), "its value is an instance of Model"],
    [{ only: "text" }, "there is no ArrayBuffer or typed array in its value"],
  ])("refuses what cannot be shared: %o", (value, problem) => {
    expect(() => shareable(value, "x")).toThrow(code("RUNLANE_RESOURCE_NOT_SHAREABLE"));
    expect(() => shareable(value, "x")).toThrow(problem);
  });
});

describe("a shared resource", () => {
  it("is loaded once here, and all threads read the same memory", async () => {
    let loads = 0;
    const counters = resource("shared counters", () => ({ hits: new Int32Array(1), loads: ++loads }), {
      scope: "shared",
    });
    await using lane = threads({ max: 2, execArgv: [] });
    const count = RunnableLambda.from((_: number, { uses }) => Atomics.add(uses.counters.hits, 0, 1), {
      uses: { counters },
      lane,
    });
    expect(count.resources()).toMatchObject([{ name: "shared counters", state: "idle", where: "loop" }]);
    await count.warm();
    await count.batch([1, 2, 3, 4, 5]);
    expect(loads).toBe(1);
    expect((await counters.get()).hits[0]).toBe(5);
    expect(count.resources()).toMatchObject([{ scope: "shared", state: "ready", where: "loop", loads: 1 }]);
  });

  it("reaches threads in its new version", async () => {
    const own = "shared versions";
    const bytes = resource(own, () => new Uint8Array([1]), { scope: "shared", version: 1 });
    await using lane = threads({ max: 1, execArgv: [] });
    const read = RunnableLambda.from((_: number, { uses }) => uses.bytes[0], { uses: { bytes }, lane });
    expect(await read.invoke(0)).toBe(1);
    resource(own, () => new Uint8Array([2]), { scope: "shared", version: 2 });
    expect(await read.invoke(0)).toBe(2);
  });

  it("that cannot be shared is the error of the calls", async () => {
    const model = resource("unshareable", () => ({ predict: () => 1 }) as object, { scope: "shared" });
    await using lane = threads({ max: 1, execArgv: [] });
    const use = RunnableLambda.from((_: number, { uses }) => uses.model, { uses: { model }, lane });
    await expect(use.invoke(1)).rejects.toMatchObject({ code: "RUNLANE_RESOURCE_NOT_SHAREABLE" });
  });
});

describe("a resource in a lane that cannot have it", () => {
  const use = (model: any, lane: "thread" | "process") =>
    RunnableLambda.from((_: number, { uses }: any) => uses.model, { uses: { model }, lane });

  it("is refused when the lane is chosen", () => {
    const onLoop = resource("of the process", () => 1, { scope: "process" });
    const shared = resource("of all threads", () => new Uint8Array(1), { scope: "shared" });
    expect(() => use(onLoop, "thread")).toThrow(code("RUNLANE_RESOURCE_SCOPE"));
    expect(() => use(onLoop, "process")).toThrow('the resource "of the process", which has the scope "process"');
    expect(() => use(shared, "process")).toThrow(code("RUNLANE_RESOURCE_SCOPE"));
    expect(() => use(shared, "thread")).not.toThrow();
  });

  it("is refused when its loader takes variables from around it", () => {
    const path = "dictionary.txt";
    const captures = resource("captures", () => path);
    expect(() => use(captures, "thread")).toThrow(code("RUNLANE_CAPTURED_VARIABLE"));
    expect(() => use(captures, "thread")).toThrow('the loader of the resource "captures"');
  });
});

import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { explainFailure, pack, unpack } from "../../src/shipping/data/pack.ts";
import { isPlain } from "../../src/shipping/data/plain.ts";
import { everything } from "../everything.ts";
import { TRANSPORTS } from "./data-transports.ts";

const PLAIN: Record<string, unknown> = {
  "a number": 5,
  "minus zero": -0,
  NaN: Number.NaN,
  "a bigint": 10n ** 30n,
  undefined,
  null: null,
  "a lone surrogate": "\ud800",
  "fields that are undefined": { a: undefined },
  "a key named __proto__": JSON.parse('{"__proto__":{"polluted":true},"list":[1]}'),
  "a sparse array": Object.assign(new Array(5), { 1: "one", 3: undefined }),
  "a date": new Date(5),
  "an invalid date": new Date(Number.NaN),
  "a Map with objects for keys": new Map<unknown, unknown>([
    [{ a: 1 }, new Set([1])],
    [Number.NaN, -0],
  ]),
  "a frozen object": Object.freeze({ a: Object.freeze([1]) }),
};

const OTHERS: Record<string, unknown> = {
  "a regular expression": /a+/giu,
  "a regular expression's match": /(?<first>a)b/.exec("ab"),
  "an array with fields": Object.assign([1, 2], { total: 3 }),
  "an object without a prototype": Object.assign(Object.create(null), { a: { b: 1 } }),
  "a Buffer": Buffer.from("some text"),
  "an empty Buffer": Buffer.alloc(0),
  "a typed array": Float64Array.of(1.5, Number.NaN),
  "a big typed array": BigInt64Array.of(1n, -1n),
  "part of a buffer": new Float32Array(Float32Array.of(1, 2, 3, 4).buffer, 4, 2),
  "a DataView": new DataView(Uint8Array.of(1, 2, 3, 4).buffer, 1, 2),
  "an ArrayBuffer": Uint8Array.of(1, 2, 3).buffer,
  "an empty ArrayBuffer": new ArrayBuffer(0),
  "a URL": new URL("https://example.com/a?b=1#c"),
  "parameters of a URL": new URLSearchParams("a=1&a=2"),
  headers: new Headers({ accept: "text/html" }),
  "boxed primitives": [Object(1), Object("s"), Object(true), Object(1n)],
  "a key that looks like an envelope": { "runlane:packed": 1, entries: [] },
};

const NESTINGS: [string, (inner: unknown) => unknown][] = [
  ["objects", (inner) => ({ a: inner })],
  ["a linked list", (next) => ({ id: 1, next })],
  ["arrays", (inner) => [inner]],
  ["sparse arrays", (inner) => Object.assign([], { 100: inner })],
  ["Maps", (inner) => new Map([["a", inner]])],
  ["Sets", (inner) => new Set([inner])],
  ["objects without a prototype", (inner) => Object.assign(Object.create(null), { inner })],
];

function levelsOf(value: unknown): number {
  let levels = 0;
  for (let inner = value; typeof inner === "object"; levels++) {
    const parts: unknown[] =
      inner instanceof Map || inner instanceof Set ? [...inner.values()] : Object.values(inner as object);
    inner = parts.at(-1);
  }
  return levels;
}

describe.each(TRANSPORTS)("a value that travels between $name", ({ send, shared }) => {
  it.each(Object.entries({ ...PLAIN, ...OTHERS }))("arrives as it was: %s", (_, value) => {
    expect(send(value)).toStrictEqual(value);
    const nested = send({ deep: [value, new Map([["key", value]]), new Set([value])] });
    expect(nested).toStrictEqual({ deep: [value, new Map([["key", value]]), new Set([value])] });
    if (typeof value === "object") expect(nested.deep[0]).toBe(nested.deep[1].get("key"));
  });

  it("is of the same class if the platform has it", () => {
    const headers = send([new Headers({ accept: "text/html" })])[0];
    expect(headers).toBeInstanceOf(Headers);
    expect([...headers]).toEqual([["accept", "text/html"]]);
    expect(send(new URL("https://example.com/a?b=1")).searchParams.get("b")).toBe("1");
    expect(Buffer.isBuffer(send([Buffer.from("a")])[0])).toBe(true);
    expect(Object.getPrototypeOf(send([Object.create(null)])[0])).toBeNull();
  });

  it("may lead back to itself, in every kind of container", () => {
    const value: any = {
      list: [],
      map: new Map(),
      set: new Set(),
      nothing: Object.create(null),
      error: new Error("e"),
    };
    for (const container of [value, value.nothing, value.error]) container.self = value;
    value.list.push(value, value.list);
    value.map.set("self", value).set(value, value.map);
    value.set.add(value).add(value.error);
    const arrived = send(value);
    expect(arrived.list).toEqual([arrived, arrived.list]);
    expect(arrived.list[0]).toBe(arrived);
    expect(arrived.map.get("self")).toBe(arrived);
    expect(arrived.map.get(arrived)).toBe(arrived.map);
    expect([...arrived.set]).toEqual([arrived, arrived.error]);
    expect(arrived.nothing.self).toBe(arrived);
    expect(arrived.error.self).toBe(arrived);
  });

  it("brings no more of a buffer than the part that is seen, and keeps what views share", () => {
    const pooled = send(Buffer.from("five!"));
    expect(pooled.buffer.byteLength).toBeLessThan(24);
    const numbers = Float64Array.from({ length: 1000 }, (_, index) => index);
    const part = send(numbers.subarray(500, 510));
    expect([...part]).toEqual([500, 501, 502, 503, 504, 505, 506, 507, 508, 509]);
    expect(part.buffer.byteLength).toBe(80);
    const [first, second] = send([numbers.subarray(10, 20), new Uint8Array(numbers.buffer, 84, 4)]);
    expect(first.buffer).toBe(second.buffer);
    first[0] = 0;
    second.fill(255);
    expect(first[0]).not.toBe(0);
    const { whole, view } = send({ whole: numbers.buffer, view: numbers.subarray(1, 2) });
    expect(view.buffer).toBe(whole);
    expect(view.byteOffset).toBe(8);
  });

  it("takes what a getter gives", () => {
    expect(send({ get sum() { return 3; } })).toEqual({ sum: 3 }); // biome-ignore format: one line
  });

  it("may come from another realm", () => {
    const value = runInNewContext("({ list: [1], map: new Map([[1, new Set([2])]]), date: new Date(0) })");
    expect(send(value)).toEqual({ list: [1], map: new Map([[1, new Set([2])]]), date: new Date(0) });
  });

  it("may be large and nested", () => {
    const value = Array.from({ length: 5000 }, (_, index) => ({ id: index, tags: [`${index}`] }));
    expect(send(value)).toEqual(value);
    let list: unknown = null;
    for (let depth = 0; depth < 500; depth++) list = { next: list };
    expect(send(list)).toEqual(list);
  });

  it("loses only its class when nobody registered it", () => {
    class Point {
      x = 1;
      #hidden = 2;
      get sum() {
        return this.x + this.#hidden;
      }
    }
    class Names extends Array<string> {}
    expect(send({ at: new Point() })).toStrictEqual({ at: { x: 1 } });
    expect(send(Names.from(["a"]))).toStrictEqual(["a"]);
  });

  const unsent: [string, unknown, string, string][] = [
    ["a function", { callbacks: [() => 1] }, "input.callbacks[0]", "a function"],
    ["a named function", { "on data": function report() {} }, 'input["on data"]', "the function report"],
    ["a symbol", [Symbol("mark")], "input[0]", "the symbol (mark)"],
    ["a promise", new Map([["later", Promise.resolve()]]), 'input.get("later")', "an instance of Promise"],
    ["a WeakMap", { a: { b: new WeakMap() } }, "input.a.b", "an instance of WeakMap"],
    ["a Proxy", { state: new Proxy({}, {}) }, "input.state", "a Proxy"],
    ["a generator", [(function* () {})()], "input[0]", "an instance of Generator"],
    ["a stream", new ReadableStream(), "input", "an instance of ReadableStream"],
    ["a signal", { signal: new AbortController().signal }, "input.signal", "an instance of AbortSignal"],
    ["what Intl makes", [new Intl.NumberFormat("en")], "input[0]", "an instance of NumberFormat"],
    ["the key of a Map", new Map([[() => 1, 1]]), "input.keys()[0]", "a function"],
    ["a member of a Set", new Set([1, () => 1]), "input.values()[1]", "a function"],
    ["a field of an instance", { user: new (class User { greet = () => 1 })() }, "input.user.greet", "the function greet"], // biome-ignore format: one line
  ];
  it.each(unsent)("is refused before it is sent, by path: %s", (_, value, path, received) => {
    // A Proxy looks like what it stands for: it shows when the message is made.
    const refuse = () => {
      const { value: packed } = pack(value, 'the step "parse"', { shared });
      throw explainFailure(packed, 'the step "parse"', new Error("could not be cloned"), { shared });
    };
    expect(refuse).toThrowError(
      expect.objectContaining({
        code: "RUNLANE_NOT_SERIALIZABLE",
        message: expect.stringContaining(
          `the step "parse" cannot be sent to another thread or process: ${path} is ${received}`,
        ),
      }),
    );
  });

  it("names the output when that is refused", () => {
    expect(() => pack([() => 1], "the step", { shared, root: "output" })).toThrow("output[0] is a function");
  });

  it("says which getter threw, and why", () => {
    const cause = new Error("not yet");
    const value = { a: { get b() { throw cause; } } }; // biome-ignore format: one line
    expect(() => send(value)).toThrowError(expect.objectContaining({ code: "RUNLANE_NOT_SERIALIZABLE", cause }));
    expect(() => send(value)).toThrow("input.a.b is a getter that throws");
  });

  it.each(NESTINGS)(
    "arrives when it is nested 1,000 levels deep, and is refused when it is deeper: %s",
    (_, around) => {
      const nested = (levels: number) => {
        let value: unknown = 1;
        for (let level = 0; level < levels; level++) value = around(value);
        return value;
      };
      expect(levelsOf(send(nested(1000)))).toBe(1000);
      const tooDeep = expect.objectContaining({
        code: "RUNLANE_NOT_SERIALIZABLE",
        message: expect.stringMatching(/input, somewhere inside, is nested too deeply: more than 1000 levels/),
      });
      for (const levels of [1001, 2000, 2250, 2500, 20_000]) expect(() => send(nested(levels))).toThrowError(tooDeep);
    },
  );

  it("is the same for random values, cycles included", () => {
    fc.assert(
      fc.property(graphs(), (value) => {
        expect(send(value)).toStrictEqual(value);
      }),
      { numRuns: everything ? 300 : 20 },
    );
  });
});

describe("pack", () => {
  it("passes plain data on as it is", () => {
    const shared = { a: 1 };
    const tower: unknown[] = [shared];
    for (let level = 0; level < 60; level++) tower.push([tower[level], tower[level]]);
    const cycle: any = {};
    cycle.self = cycle;
    const many = Array.from({ length: 30_000 }, (_, id) => ({ id }));
    for (const value of [...Object.values(PLAIN), tower, cycle, many, Uint8Array.of(1)])
      expect(pack(value, "the step").value).toBe(value);
  });

  it("is not deceived by data that looks like an envelope", () => {
    const value = { "runlane:packed": 1, root: "mine" };
    expect(unpack(pack(value, "the step").value)).toEqual(value);
  });

  it("looks at few objects twice when they are shared", () => {
    let reads = 0;
    const leaf = { get value() { return ++reads; } }; // biome-ignore format: one line
    let tower: unknown = leaf;
    for (let level = 0; level < 100; level++) tower = [tower, tower];
    expect(isPlain(tower, true)).toBe(true);
    expect(reads).toBeLessThan(20_000);
  });
});

describe("a SharedArrayBuffer", () => {
  const [threads, processes] = TRANSPORTS as [(typeof TRANSPORTS)[0], (typeof TRANSPORTS)[1]];

  it("is shared between threads, views included", () => {
    const memory = new SharedArrayBuffer(16);
    const arrived = threads.send({ memory, part: new Int32Array(memory, 4, 2), whole: new Int32Array(memory) });
    arrived.part[0] = 7;
    expect(new Int32Array(memory)[1]).toBe(7);
    expect(arrived.whole[1]).toBe(7);
  });

  it.each([new SharedArrayBuffer(4), new Int32Array(new SharedArrayBuffer(4))])(
    "is refused between processes",
    (value) => {
      expect(() => processes.send({ memory: value })).toThrow(
        /input\.memory is .*SharedArrayBuffer, which processes cannot share/,
      );
    },
  );
});

describe("a Blob or a File", () => {
  const [threads, processes] = TRANSPORTS as [(typeof TRANSPORTS)[0], (typeof TRANSPORTS)[1]];

  it("arrives in another thread, with the name of a file", async () => {
    const { blob, file } = threads.send({
      blob: new Blob(["abc"], { type: "text/plain" }),
      file: new File(["def"], "notes.txt", { type: "text/plain", lastModified: 5 }),
    });
    expect([blob.type, await blob.text()]).toEqual(["text/plain", "abc"]);
    expect(file).toBeInstanceOf(File);
    expect([file.name, file.type, file.lastModified, await file.text()]).toEqual(["notes.txt", "text/plain", 5, "def"]);
  });

  it("is refused between processes, with the remedy", () => {
    expect(() => processes.send([new Blob(["abc"])])).toThrow(
      "input[0] is an instance of Blob (send its bytes: await blob.arrayBuffer())",
    );
    expect(() => processes.send([new File([], "a")])).toThrow("input[0] is an instance of File");
  });
});

/** Random values of everything that travels, with references between their parts. */
function graphs(): fc.Arbitrary<unknown> {
  const leaf = fc.oneof(
    fc.anything({
      withBigInt: true,
      withDate: true,
      withTypedArray: true,
      withSparseArray: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withBoxedValues: true,
    }),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.uint8Array({ minLength: 4 }).map((bytes) => bytes.subarray(1, 3)),
    fc.string().map((text) => Object.assign(new RangeError(text), { code: "E", detail: { text } })),
    fc.webUrl().map((url) => new URL(url)),
  );
  const kind = fc.constantFrom("object", "array", "map", "set", "bare");
  return fc
    .array(fc.record({ kind, leaf, links: fc.array(fc.nat(), { maxLength: 3 }) }), { minLength: 1, maxLength: 6 })
    .map((parts) => {
      const nodes = parts.map(({ kind }) => make(kind));
      parts.forEach(({ leaf, links }, at) => {
        add(nodes[at] as object, "leaf", leaf);
        links.forEach((link, index) => {
          add(nodes[at] as object, `link${index}`, nodes[link % nodes.length]);
        });
      });
      return nodes[0];
    });
}

function make(kind: string): object {
  if (kind === "array") return [];
  if (kind === "map") return new Map();
  if (kind === "set") return new Set();
  return kind === "bare" ? Object.create(null) : {};
}

function add(node: object, key: string, value: unknown): void {
  if (Array.isArray(node)) node.push(value);
  else if (node instanceof Map) node.set(key, value);
  else if (node instanceof Set) node.add(value);
  else (node as Record<string, unknown>)[key] = value;
}

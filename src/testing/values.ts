/**
 * One value for each kind of data that travels. Runs here and in workers, so it uses nothing from around it.
 */
export const make = (kind: string): unknown => {
  switch (kind) {
    case "primitives":
      return [true, false, null, undefined, "", "text", 0, -0, 1.5, Number.NaN, Infinity, -Infinity, Number.MAX_VALUE];
    case "undefined":
      return undefined;
    case "null":
      return null;
    case "minus zero":
      return -0;
    case "NaN":
      return Number.NaN;
    case "BigInt":
      return [0n, -1n, 2n ** 80n];
    case "strings":
      return ["é", "日本語", "👩‍👩‍👧", "\u0000", "line\nline", "\ud800 alone", "__proto__"];
    case "a long string":
      return "0123456789é日👩".repeat(100_000);
    case "nested plain data": {
      let inner: Record<string, unknown> = { list: [[[[]]], {}], empty: {}, "a key": { nothing: undefined } };
      for (let depth = 0; depth < 100; depth++) inner = { inner, depth };
      return inner;
    }
    case "a sparse array": {
      const sparse: unknown[] = [1];
      sparse[5] = 6;
      return sparse;
    }
    case "Map":
      return new Map<unknown, unknown>([
        ["text", { deep: new Map([[1, "one"]]) }],
        [Number.NaN, -0],
        [{ object: "key" }, undefined],
      ]);
    case "Set":
      return new Set<unknown>([1, "1", undefined, { a: 1 }, new Set([[]])]);
    case "Date":
      return [new Date(0), new Date(1.7e12), new Date(Number.NaN)];
    case "RegExp":
      return [/a+/gi, /\p{L}/u];
    case "typed arrays":
      return [
        new Int8Array([-1, 2]),
        new Uint8Array([1, 255]),
        new Uint8ClampedArray([255]),
        new Int16Array([-300]),
        new Uint16Array([65_535]),
        new Int32Array([-70_000]),
        new Uint32Array([4_294_967_295]),
        new Float32Array([0.5]),
        new Float64Array([Math.PI, Number.NaN, -0]),
        new BigInt64Array([-5n]),
        new BigUint64Array([5n]),
        new Uint8Array(0),
      ];
    case "ArrayBuffer and DataView":
      return [new Uint8Array([1, 2, 3]).buffer, new DataView(new Uint8Array([9, 8, 7, 6]).buffer, 1, 2)];
    case "a circular object": {
      const circular: Record<string, unknown> = { name: "circular", map: new Map() };
      circular.self = circular;
      (circular.map as Map<string, unknown>).set("back", circular);
      return circular;
    }
    case "one object in several places": {
      const shared = { shared: true };
      return [shared, { again: shared }, new Set([shared])];
    }
    case "errors": {
      const cause = Object.assign(new TypeError("deep"), { code: "E_DEEP" });
      const error = Object.assign(new RangeError("outer", { cause }), { code: "E_OUTER", details: { at: [1, 2] } });
      return [error, new AggregateError([new Error("one"), "two"], "both"), new Error("")];
    }
    default:
      throw new Error(`There is no value of the kind ${kind}.`);
  }
};

/** The kinds that {@link make} knows. */
export const KINDS = [
  "primitives",
  "undefined",
  "null",
  "minus zero",
  "NaN",
  "BigInt",
  "strings",
  "a long string",
  "nested plain data",
  "a sparse array",
  "Map",
  "Set",
  "Date",
  "RegExp",
  "typed arrays",
  "ArrayBuffer and DataView",
  "a circular object",
  "one object in several places",
  "errors",
] as const;

/** Says in words what a value is, down to which objects are the same. Runs here and in workers. */
export const tell = (value: unknown): string => {
  const known = new Map<object, number>();
  const words = (one: unknown): string => {
    if (typeof one === "bigint") return `${one}n`;
    if (Object.is(one, -0)) return "-0";
    if (typeof one === "string") return one.length > 1000 ? `text of ${one.length}: ${sum(one)}` : JSON.stringify(one);
    if (typeof one !== "object" || one === null) return String(one);
    const id = known.get(one);
    if (id !== undefined) return `#${id}`;
    known.set(one, known.size);
    return `${one.constructor.name} ${Object.prototype.toString.call(one)} ${inside(one)}`;
  };
  const sum = (text: string): number => {
    let all = 0;
    for (let at = 0; at < text.length; at++) all = (all * 31 + text.charCodeAt(at)) % 1_000_003;
    return all;
  };
  const list = (values: Iterable<unknown>): string => `(${Array.from(values, words).join(", ")})`;
  const fields = (one: object): string =>
    `{${Object.entries(one)
      .map(([key, field]) => `${JSON.stringify(key)}: ${words(field)}`)
      .join(", ")}}`;
  const inside = (one: object): string => {
    if (one instanceof Map) return list([...one].flat());
    if (one instanceof Set) return list(one);
    if (one instanceof Date) return String(one.getTime());
    if (one instanceof RegExp) return String(one);
    if (one instanceof ArrayBuffer) return list(new Uint8Array(one));
    if (one instanceof DataView) return list(new Uint8Array(one.buffer, one.byteOffset, one.byteLength));
    if (ArrayBuffer.isView(one)) return list(one as unknown as Iterable<unknown>);
    if (one instanceof Error) {
      const { name, message, cause, errors } = one as AggregateError;
      return `${name} ${message} ${words(cause)} ${words(errors)} ${fields(one)}`;
    }
    return Array.isArray(one) ? `${one.length} ${fields(one)}` : fields(one);
  };
  return words(value);
};

import { describe, expect, it } from "vitest";
import { PACKED } from "../../src/shipping/data/format.ts";
import { pack, unpack } from "../../src/shipping/data/pack.ts";
import { registerClass } from "../../src/shipping/data/registered-classes.ts";
import { TRANSPORTS } from "./data-transports.ts";

class Money {
  #cents: number;
  constructor(cents: number) {
    this.#cents = cents;
  }
  get cents() {
    return this.#cents;
  }
}
registerClass(Money, { serialize: (money) => money.cents, deserialize: (cents: number) => new Money(cents) });

class Euros extends Money {}

const MARK = Symbol.for("test.mark");
class Point {
  static made = 0;
  [MARK] = true;
  other?: unknown;
  constructor(
    readonly x: number,
    readonly y: number,
  ) {
    Point.made++;
  }
  get length() {
    return Math.hypot(this.x, this.y);
  }
}
registerClass(Point);

class Pair {
  constructor(
    public left: unknown,
    public right: unknown,
  ) {}
}
registerClass(Pair, {
  name: "test.Pair",
  serialize: ({ left, right }) => [left, right],
  deserialize: ([left, right]: [unknown, unknown]) => new Pair(left, right),
});

class QuotaError extends RangeError {
  override name = "QuotaError";
  constructor(readonly limit: Money) {
    super(`over ${limit.cents}`);
  }
  retryable() {
    return this.limit.cents > 0;
  }
}
registerClass(QuotaError);

class Bag extends Map<string, unknown> {
  total() {
    return this.size;
  }
}
registerClass(Bag, { serialize: (bag) => [...bag], deserialize: (entries: [string, unknown][]) => new Bag(entries) });

describe.each(TRANSPORTS)("instances of registered classes between $name", (transport) => {
  it("arrive as instances, wherever they are", () => {
    const money = new Money(5);
    const value = {
      list: [money],
      map: new Map<unknown, unknown>([
        ["value", money],
        [money, "key"],
      ]),
      set: new Set([money, 1]),
      bare: Object.assign(Object.create(null), { money }),
      error: Object.assign(new Error("e"), { money }),
      view: Buffer.from("x"),
    };
    const arrived = transport.send(value);
    const same = arrived.list[0];
    expect(same).toBeInstanceOf(Money);
    expect(same.cents).toBe(5);
    expect([...arrived.map]).toEqual([
      ["value", same],
      [same, "key"],
    ]);
    expect([...arrived.map.keys()][1]).toBe(same);
    expect([...arrived.set]).toEqual([same, 1]);
    expect(arrived.set.has(same)).toBe(true);
    expect(arrived.bare.money).toBe(same);
    expect(arrived.error.money).toBe(same);
    expect(transport.send(money).cents).toBe(5);
  });

  it("arrive as the nearest class that is registered", () => {
    const arrived = transport.send(new Euros(7));
    expect(Object.getPrototypeOf(arrived)).toBe(Money.prototype);
    expect(arrived.cents).toBe(7);
  });

  it("keep their fields without a codec, and make no call of the constructor", () => {
    const point = new Point(3, 4);
    const { made } = Point;
    const arrived = transport.send({ point });
    expect(arrived.point).toBeInstanceOf(Point);
    expect(arrived.point).toStrictEqual(point);
    expect(arrived.point[MARK]).toBe(true);
    expect(arrived.point.length).toBe(5);
    expect(Point.made).toBe(made);
  });

  it("lose in an error only the fields that cannot travel", () => {
    const odd = Object.assign(new Point(1, 2), {
      [Symbol.for("test.call")]: () => 1,
      [Symbol.for("test.last")]: "kept",
    });
    const { at } = transport.throw(Object.assign(new Error("e"), { at: odd }));
    expect(at).toBeInstanceOf(Point);
    expect(at[Symbol.for("test.last")]).toBe("kept");
    expect(at[Symbol.for("test.call")]).toBeUndefined();
  });

  it("may be inside each other, and lead back", () => {
    const point = new Point(1, 2);
    point.other = { point, more: [point] };
    const around = transport.send(point);
    expect(around.other.point).toBe(around);
    expect(around.other.more[0]).toBe(around);

    const inner = new Pair(new Money(1), new Map([["m", new Money(2)]]));
    const nested = transport.send(new Pair(inner, [inner, new Bag([["pair", inner]])]));
    expect(nested.left).toBeInstanceOf(Pair);
    expect(nested.left.right.get("m").cents).toBe(2);
    expect(nested.right[0]).toBe(nested.left);
    expect(nested.right[1].total()).toBe(1);
    expect(nested.right[1].get("pair")).toBe(nested.left);
  });

  it("may lead back to an object that deserialize is still making", () => {
    const parent = new Pair("parent", undefined);
    const child = new Pair(parent, new Set([parent]));
    parent.right = [child, new Map([[parent, "key"]])];
    const arrived = transport.send({ parent, child });
    expect(arrived.parent.left).toBe("parent");
    const [first, map] = arrived.parent.right;
    expect(first).toBe(arrived.child);
    expect(first).toBeInstanceOf(Pair);
    expect(first.left).toBe(arrived.parent);
    expect([...first.right][0]).toBe(arrived.parent);
    expect(map.get(arrived.parent)).toBe("key");
  });

  it("may be errors, thrown or not", () => {
    const error = new QuotaError(new Money(9));
    for (const arrived of [transport.throw(error), transport.send([error])[0]]) {
      expect(arrived).toBeInstanceOf(QuotaError);
      expect(arrived.retryable()).toBe(true);
      expect(arrived).toMatchObject({ message: "over 9", name: "QuotaError", stack: error.stack });
      expect(arrived.limit.cents).toBe(9);
      expect(Object.keys(arrived)).toEqual(Object.keys(error));
    }
  });

  it("are refused by path when their data cannot travel", () => {
    expect(() => transport.send({ at: new Pair(() => 1, 2) })).toThrow("input.at[0] is a function");
    const point = new Point(1, 2);
    point.other = () => 1;
    expect(() => transport.send([point])).toThrow("input[0].other is a function");
  });
});

describe("a class that is not registered where its instance arrives", () => {
  it("is named in the error, with the remedy", () => {
    const { value } = pack({ money: new Money(1) }, "the step");
    const foreign = JSON.parse(JSON.stringify(value).replace('"Money"', '"Elsewhere"'));
    expect(foreign[PACKED]).toBe(1);
    expect(() => unpack(foreign)).toThrowError(
      expect.objectContaining({
        code: "RUNLANE_UNKNOWN_CLASS",
        message: expect.stringMatching(/instance of Elsewhere .* import that module/),
      }),
    );
  });
});

describe("registerClass", () => {
  const codec = { serialize: () => 1, deserialize: () => new Money(1) };
  class Other {}

  it.each<[string, unknown, object, string]>([
    ["no class", { prototype: {} }, {}, "registerClass: Class must be a class of yours"],
    ["nothing", undefined, {}, "registerClass: Class must be a class of yours, but it is undefined"],
    ["an arrow function", () => 1, {}, "registerClass: Class must be a class of yours"],
    ["a built-in class", Map, codec, "registerClass: Class must be a class of yours, but it is the function Map"],
    ["a class without a name", class {}, codec, "registerClass: name must be a string that is not empty"],
    [
      "half a codec",
      Other,
      { serialize: () => 1 },
      "registerClass: codec must be both serialize and deserialize, or neither",
    ],
    [
      "a codec of no functions",
      Other,
      { ...codec, deserialize: 5 },
      "registerClass: deserialize must be a function, but it is the number 5",
    ],
    [
      "the name of another class",
      Other,
      { ...codec, name: "Money" },
      'registerClass: name must be a name of its own, but it is "Money"',
    ],
  ])("refuses %s", (_, Class, options, message) => {
    const register = registerClass as (...args: unknown[]) => void;
    expect(() => register(Class, options)).toThrowError(expect.objectContaining({ code: "RUNLANE_INVALID_OPTION" }));
    expect(() => register(Class, options)).toThrow(message);
  });

  it("takes the same class again, and a module that was loaded twice", () => {
    registerClass(Money, { serialize: (money) => money.cents, deserialize: (cents: number) => new Money(cents) });
    const load = () => class Twice {};
    const [first, second] = [load(), load()];
    registerClass(first);
    registerClass(second);
    expect(unpack(pack(new first(), "the step").value)).toBeInstanceOf(second);
  });
});

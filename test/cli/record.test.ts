import { describe, expect, it } from "vitest";
import { describeError, failureLine, outputLine } from "../../src/cli/output/record.ts";

describe("outputLine", () => {
  it("is one JSON record with a line feed", () => {
    expect(outputLine(7, { text: "a\nb", date: new Date(0) })).toBe(
      '{"index":7,"output":{"text":"a\\nb","date":"1970-01-01T00:00:00.000Z"}}\n',
    );
  });

  it("writes undefined as null", () => {
    expect(outputLine(0, undefined)).toBe('{"index":0,"output":null}\n');
  });

  it("refuses what has no JSON form and says why", () => {
    const ring: Record<string, unknown> = {};
    ring.self = ring;
    const refused: [output: unknown, why: RegExp][] = [
      [10n, /BigInt/],
      [ring, /circular/],
      [() => 1, /it is a function/],
      [Symbol("s"), /it is a symbol/],
    ];
    for (const [output, why] of refused) {
      expect(() => outputLine(0, output)).toThrow(why);
      expect(() => outputLine(0, output)).toThrow(expect.objectContaining({ code: "RUNLANE_CLI_NOT_JSON" }));
      expect(() => outputLine(0, output)).not.toThrow(/\n/);
    }
  });
});

describe("failureLine", () => {
  it("tells index, step, error, source and input", () => {
    const error = Object.assign(new TypeError("no"), { code: "E_NO" });
    const line = failureLine({ index: 3, step: "parse", error, source: "in.jsonl:4", inputJson: '{"a":1}' });
    expect(line.endsWith("}\n")).toBe(true);
    expect(JSON.parse(line)).toEqual({
      index: 3,
      step: "parse",
      error: { name: "TypeError", message: "no", code: "E_NO", stack: error.stack },
      source: "in.jsonl:4",
      input: { a: 1 },
    });
  });
});

describe("describeError", () => {
  it("describes whatever was thrown", () => {
    expect(describeError(undefined)).toEqual({ name: "undefined", message: "undefined" });
    expect(describeError(10n)).toEqual({ name: "bigint", message: "10" });
    expect(describeError(Symbol("s"))).toEqual({ name: "symbol", message: "Symbol(s)" });
    expect(describeError({ status: 500 })).toEqual({ name: "Object", message: '{"status":500}' });
    expect(describeError(Object.create(null))).toEqual({ name: "Object", message: "{}" });
    expect(describeError({ message: "plain", code: 4 })).toEqual({ name: "Object", message: "plain", code: 4 });
  });

  it("describes what throws when it is looked at", () => {
    class Odd extends Error {
      override get message(): string {
        throw new Error("no message");
      }
    }
    const refuses = () => {
      throw new Error("no");
    };
    const traps = { get: refuses, getPrototypeOf: refuses, ownKeys: refuses, has: refuses };
    const unstringable = Object.assign(() => {}, { toString: refuses });
    for (const thrown of [
      new Odd(),
      new Proxy({}, traps),
      new Proxy(() => {}, traps),
      unstringable,
      { toJSON: refuses },
    ]) {
      const { name, message } = describeError(thrown);
      expect(typeof name).toBe("string");
      expect(typeof message).toBe("string");
    }
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(describeError(proxy)).toEqual({ name: "Object", message: expect.any(String) });
    expect(describeError({ cause: proxy, toJSON: () => undefined, code: Number.NaN })).toMatchObject({
      message: "[object Object]",
    });
    expect(
      describeError({
        get cause() {
          return refuses();
        },
        message: "m",
      }),
    ).toEqual({ name: "Object", message: "m" });
  });

  it("follows causes, and ends when they form a ring", () => {
    const outer = new Error("outer", { cause: new Error("inner") });
    expect(describeError(outer).cause).toMatchObject({ message: "inner" });
    (outer.cause as Error).cause = outer;
    expect(JSON.stringify(describeError(outer)).match(/"message":"outer"/g)).toHaveLength(3);
  });
});

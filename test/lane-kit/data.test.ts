import { deserialize, serialize } from "node:v8";
import { describe, expect, it } from "vitest";
import { registerClass } from "../../src/index.ts";
import { packError, packInput, packOutput, unpackError, unpackInput, unpackOutput } from "../../src/lane-kit/index.ts";

class Money {
  constructor(readonly cents: number) {}
}
registerClass(Money);

describe("what lanes send", () => {
  it("arrives as what it is, through structuredClone and as bytes", () => {
    const input = { price: new Money(5), at: new URL("https://example.com/"), bytes: Buffer.from("ab") };
    expect(unpackInput(structuredClone(packInput(input).value))).toEqual(input);
    expect(unpackInput(deserialize(serialize(packInput(input, { shared: false }).value)))).toEqual(input);
    expect(unpackOutput(structuredClone(packOutput(input).value))).toEqual(input);
  });

  it("is refused with its place and what it belongs to", () => {
    expect(() => packInput({ f: () => 1 })).toThrow(
      "the value cannot be sent to another thread or process: input.f is",
    );
    expect(() => packOutput([Symbol("s")], { where: 'the step "s"' })).toThrow('the step "s" cannot be sent');
    expect(() => packOutput([Symbol("s")])).toThrow("output[0] is the symbol (s)");
    expect(() => packInput(new SharedArrayBuffer(8), { shared: false })).toThrow("which processes cannot share");
  });

  it("may be what was thrown, without what cannot travel with it", () => {
    const error = Object.assign(new RangeError("far", { cause: new Money(1) }), { code: "E", log: () => {} });
    const arrived = unpackError(structuredClone(packError(error))) as typeof error;
    expect(arrived).toBeInstanceOf(RangeError);
    expect(arrived).toMatchObject({ message: "far", code: "E", cause: new Money(1) });
    expect("log" in arrived).toBe(false);
  });
});

import { describe, expect, it, vi } from "vitest";
import { fromJsonSchema, isJsonSchema } from "../../src/core/schema/json-schema.ts";
import { isStandardSchema } from "../../src/core/schema/standard-schema.ts";

describe("what is a JSON schema", () => {
  it.each([
    [{ type: "object" }, true],
    [{ type: ["string", "null"] }, true],
    [{ $ref: "#/$defs/a" }, true],
    [{ anyOf: [] }, true],
    [{ enum: ["a"] }, true],
    [{ type: "user", id: 1 }, false],
    [{ type: [] }, false],
    [{}, false],
    [[], false],
    ["string", false],
    [null, false],
    [{ type: "string", "~standard": {} }, false],
  ])("%j: %s", (thing, expected) => {
    expect(isJsonSchema(thing)).toBe(expected);
  });
});

describe("what is a Standard Schema", () => {
  const standard = { version: 1, vendor: "mine", validate: (value: unknown) => ({ value }) };

  it.each([
    ["an object", { "~standard": standard }, true],
    ["a function", Object.assign(() => {}, { "~standard": standard }), true],
    ["one that cannot validate", { "~standard": { version: 1, vendor: "mine" } }, false],
    ["null", null, false],
    ["a string", "~standard", false],
  ])("%s", (_, thing, expected) => {
    expect(isStandardSchema(thing)).toBe(expected);
  });
});

describe("validating by a JSON schema", () => {
  it("is sync once the validator is loaded", async () => {
    const { validate } = fromJsonSchema({ type: "string" })["~standard"];
    expect(await validate("a")).toEqual({ value: "a" });
    expect(validate("b")).toEqual({ value: "b" });
    expect(validate(1)).toEqual({ issues: [{ path: [], message: expect.stringContaining("number") }] });
  });

  it.each([
    ["http://json-schema.org/draft-04/schema#", true],
    ["http://json-schema.org/draft-07/schema#", true],
    ["https://json-schema.org/draft/2019-09/schema", false],
    ["https://json-schema.org/draft/2020-12/schema", false],
    [undefined, false],
  ])("follows the draft that the schema names: %s ignores what stands beside a $ref: %s", async ($schema, ignores) => {
    const schema = { $schema, $ref: "#/$defs/text", minLength: 5, $defs: { text: { type: "string" } } };
    const result = await fromJsonSchema(schema)["~standard"].validate("abc");
    expect(result.issues === undefined).toBe(ignores);
  });

  it("says which package is missing, and how to install it", async () => {
    vi.doMock("@langchain/core/utils/json_schema", () => {
      throw new Error("not there");
    });
    try {
      const result = fromJsonSchema({ type: "string" })["~standard"].validate("a");
      await expect(result).rejects.toMatchObject({
        code: "RUNLANE_MISSING_PACKAGE",
        message: expect.stringContaining("npm install @langchain/core"),
        cause: expect.any(Error),
      });
    } finally {
      vi.doUnmock("@langchain/core/utils/json_schema");
    }
  });
});

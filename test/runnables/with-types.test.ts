import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import * as z3 from "zod/v3";
import { PLAIN } from "../../src/core/context.ts";
import { RunnableGenerator, RunnableLambda, RunnableParallel, RunnableWithTypes } from "../../src/index.ts";
import { all } from "./support.ts";

const bad = { user: { age: "old", tags: ["a", 1] } };
const good = { user: { age: 36, tags: ["a"] } };

const libraries = [
  ["zod", z.object({ user: z.object({ age: z.number(), tags: z.array(z.string()) }) })],
  ["zod/v3", z3.object({ user: z3.object({ age: z3.number(), tags: z3.array(z3.string()) }) })],
  ["valibot", v.object({ user: v.object({ age: v.number(), tags: v.array(v.string()) }) })],
  ["arktype", type({ user: { age: "number", tags: "string[]" } })],
] as const;

const same = RunnableLambda.from((input: unknown) => input, { name: "same" });

/** What a call fails with. */
async function failure(call: Promise<unknown>): Promise<any> {
  return call.then(
    (value) => expect.unreachable(`resolved to ${JSON.stringify(value)}`),
    (error) => error,
  );
}

describe.each(libraries)("withTypes and a schema of %s", (_, schema) => {
  it("hands on what matches", async () => {
    expect(await same.withTypes({ input: schema, output: schema }).invoke(good)).toEqual(good);
  });

  it.each(["input", "output"] as const)("says of an %s where it does not match, and why", async (side) => {
    const error = await failure(same.withTypes({ [side]: schema }).invoke(bad as never));
    expect(error).toMatchObject({
      name: "RunlaneError",
      code: "RUNLANE_VALIDATION_FAILED",
      issues: [{ path: ["user", "age"] }, { path: ["user", "tags", 1] }],
    });
    expect(error.message).toMatch(
      new RegExp(
        `^The ${side} of same does not match its schema: ${side}\\.user\\.age: .+; ${side}\\.user\\.tags\\[1\\]: `,
      ),
    );
    expect(error.message).not.toMatch(/age: user\.age/);
  });

  it("stays sync", () => {
    const parsed = same.withTypes({ input: schema, output: schema }).run(good as never, PLAIN);
    expect(parsed).not.toBeInstanceOf(Promise);
  });
});

describe("a runnable with types", () => {
  it("gives the step the parsed input and the caller the parsed output", async () => {
    const seen = vi.fn((words: string[]) => words.length);
    const count = RunnableLambda.from(seen).withTypes({
      input: z.string().transform((text) => text.split(" ")),
      output: z.number().transform((n) => `${n} words`),
    });
    expect(await count.invoke("to be")).toBe("2 words");
    expect(seen).toHaveBeenCalledWith(["to", "be"], expect.anything());
  });

  it("does not run the step on an input that does not match", async () => {
    const step = vi.fn((x: number) => x);
    await failure(
      RunnableLambda.from(step)
        .withTypes({ input: z.number() })
        .invoke("1" as never),
    );
    expect(step).not.toHaveBeenCalled();
  });

  it("waits for schemas with async parts", async () => {
    const even = z.number().refine(async (n) => n % 2 === 0, "must be even");
    const typed = RunnableLambda.from(async (n: number) => n + 1).withTypes({ input: even, output: even });
    expect((await failure(typed.invoke(1))).message).toContain("input: must be even");
    expect((await failure(typed.invoke(2))).message).toContain("output: must be even");
    expect((await failure(typed.stream(2))).message).toContain("output: must be even");
  });

  it("spells out three issues and counts the others", async () => {
    const keys = z.object({ a: z.string(), "b c": z.string(), d: z.string(), e: z.string(), f: z.string() });
    const error = await failure(same.withTypes({ input: keys }).invoke({} as never));
    expect(error.message).toContain('; input["b c"]: ');
    expect(error.message).toContain("; and 2 more. ");
    expect(error.message).not.toContain("input.e");
    expect(error.issues).toHaveLength(5);
  });

  it("names the step by the name it was given", async () => {
    const named = RunnableParallel.from({ a: same }).withConfig({ runName: "both" });
    expect((await failure(named.withTypes({ input: z.string() }).invoke(1 as never))).message).toMatch(
      /^The input of both /,
    );
  });

  it("fails only the inputs of a batch that do not match", async () => {
    const outcomes = await same
      .withTypes({ input: z.number() })
      .batch([1, "2" as never, 3], {}, { returnExceptions: true });
    expect(outcomes).toEqual([1, expect.objectContaining({ code: "RUNLANE_VALIDATION_FAILED" }), 3]);
  });

  it("hands what the schema itself throws through as it is", async () => {
    const boom = new Error("boom");
    const broken = z.unknown().refine(() => {
      throw boom;
    });
    expect(await failure(same.withTypes({ input: broken }).invoke(1))).toBe(boom);
  });

  it("passes the call's config on", async () => {
    const typed = RunnableLambda.from((_: number, config) => config.tags).withTypes({ input: z.number() });
    expect(await typed.withConfig({ tags: ["a"] }).invoke(1)).toEqual(["a"]);
  });

  it("has no run of its own", async () => {
    const names: string[] = [];
    const handler = {
      awaitHandlers: true,
      handleChainStart: (...call: any[]) => void names.push(`${call[7]} ${call[4]}`),
    };
    const chain = same.pipe(same.withTypes({ input: z.number(), output: z.number() }));
    await chain.invoke(1, { callbacks: [handler], runName: "all" });
    await all(await chain.stream(1, { callbacks: [handler] }));
    expect(names).toEqual(["all ", "same seq:step:1", "same seq:step:2", "RunnableSequence ", ...names.slice(1, 3)]);
  });

  it("is the same runnable when no schema is given", () => {
    expect(same.withTypes<string, string>()).toBe(same);
    expect(same.withTypes({})).toBe(same);
    expect(same.withTypes({ input: z.string() })).toBeInstanceOf(RunnableWithTypes);
  });
});

describe("a stream of a runnable with types", () => {
  const letters = RunnableLambda.from(function* (text: string) {
    yield* text;
  });
  async function* chunks() {
    yield* ["a", "b", "c"];
  }

  it("joins the chunks of the input and validates the whole before the step", async () => {
    const typed = letters.withTypes({ input: z.string().min(3).toUpperCase() });
    expect(await all(typed.transform(chunks()))).toEqual(["A", "B", "C"]);
    expect((await failure(all(letters.withTypes({ input: z.string().min(4) }).transform(chunks())))).code).toBe(
      "RUNLANE_VALIDATION_FAILED",
    );
  });

  it("streams the output of the step when only the input has a schema", async () => {
    expect(await all(await letters.withTypes({ input: z.string() }).stream("abc"))).toEqual(["a", "b", "c"]);
  });

  it("gives the validated whole as one chunk when the output has a schema", async () => {
    const typed = letters.withTypes({ output: z.string().min(3).toUpperCase() });
    expect(await all(await typed.stream("abc"))).toEqual(["ABC"]);
    expect(await typed.invoke("abc")).toBe("ABC");
    expect((await failure(typed.stream("ab"))).code).toBe("RUNLANE_VALIDATION_FAILED");
  });

  it("goes on through the steps before and after", async () => {
    const upper = RunnableGenerator.from(async function* (source: AsyncIterable<string>) {
      for await (const chunk of source) yield chunk.toUpperCase();
    });
    const chain = letters.pipe(letters.withTypes({ input: z.string() })).pipe(upper);
    expect(await all(await chain.stream("ab"))).toEqual(["A", "B"]);
  });
});

describe("a wrong schema", () => {
  it.each([
    ["a JSON schema", { input: { type: "string" } }, "The input of withTypes must be a schema", "it is a JSON schema"],
    ["a plain object", { output: { a: 1 } }, "The output of withTypes", "an object with the keys a"],
    ["a constructor", { input: String }, "The input of withTypes", "the function String"],
    [
      "one schema for the object of them",
      z.string(),
      "The argument of withTypes must be an object",
      "it is one schema",
    ],
    ["another key", { inputs: z.string() }, "only the keys input and output", "the keys inputs"],
    ["null", null, "The argument of withTypes", "null"],
  ])("is refused when it is made: %s", (_, schemas, expected, received) => {
    const make = () => same.withTypes(schemas as never);
    expect(make).toThrow(expect.objectContaining({ code: "RUNLANE_INVALID_SCHEMA" }));
    expect(make).toThrow(expected);
    expect(make).toThrow(received);
  });
});

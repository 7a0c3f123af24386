import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type } from "arktype";
import * as v from "valibot";
import { expectTypeOf, it } from "vitest";
import { z } from "zod";
import * as z3 from "zod/v3";
import {
  type Runnable,
  RunnableLambda,
  type RunnableToolLike,
  type SchemaInput,
  type SchemaOutput,
  type StandardSchema,
  type ToolCall,
} from "../../src/index.ts";

type User = { name: string; age: number };
const greet = RunnableLambda.from((user: User) => `${user.name}, ${user.age}`);

it("withTypes infers from schemas of every library", () => {
  const zod = greet.withTypes({ input: z.object({ name: z.string(), age: z.coerce.number<string>() }) });
  expectTypeOf(zod).toEqualTypeOf<Runnable<{ name: string; age: string }, string>>();

  const zod3 = greet.withTypes({ input: z3.object({ name: z3.string(), age: z3.number().default(1) }) });
  expectTypeOf(zod3).toEqualTypeOf<Runnable<{ name: string; age?: number | undefined }, string>>();

  const age = v.pipe(v.string(), v.transform(Number));
  const valibot = greet.withTypes({ input: v.object({ name: v.string(), age }), output: v.literal("a") });
  expectTypeOf(valibot).toEqualTypeOf<Runnable<{ name: string; age: string }, "a">>();

  const arktype = greet.withTypes({ input: type({ name: "string", age: "string.numeric.parse" }) });
  expectTypeOf(arktype).toEqualTypeOf<Runnable<{ name: string; age: string }, string>>();
});

it("withTypes leaves what has no schema as it was", () => {
  const lengths = greet.withTypes({ output: z.string().transform((text) => text.length) });
  expectTypeOf(lengths).toEqualTypeOf<Runnable<User, number>>();
  expectTypeOf(lengths.pipe((n) => [n])).toEqualTypeOf<Runnable<User, number[]>>();
});

it("withTypes takes types alone", () => {
  const parse = RunnableLambda.from((text: string): unknown => JSON.parse(text));
  expectTypeOf(parse.withTypes<string, User>()).toEqualTypeOf<Runnable<string, User>>();
});

it("an output schema gives unknown outputs a type", () => {
  const parse = RunnableLambda.from((text: string): unknown => JSON.parse(text)).withTypes({
    output: z.object({ name: z.string() }),
  });
  expectTypeOf(parse.invoke("")).resolves.toEqualTypeOf<{ name: string }>();
});

it("wrong schemas do not compile", () => {
  // @ts-expect-error the step takes a user, and the schema gives a number
  greet.withTypes({ input: z.number() });
  // @ts-expect-error the same, of valibot
  greet.withTypes({ input: v.object({ name: v.string() }) });
  // @ts-expect-error the same, of arktype
  greet.withTypes({ input: type("string") });
  // @ts-expect-error a JSON schema validates nothing here
  greet.withTypes({ output: { type: "string" } });
  // @ts-expect-error one schema is not the object of both
  greet.withTypes(z.string());
  // @ts-expect-error there is no such key
  greet.withTypes({ inputs: z.string() });
  const typed = greet.withTypes({ input: z.object({ name: z.string(), age: z.coerce.number<string>() }) });
  // @ts-expect-error the input is what the schema takes
  typed.invoke({ name: "A", age: 1 });
});

it("the interface is the specification's", () => {
  expectTypeOf<StandardSchemaV1<string, number>>().toExtend<StandardSchema<string, number>>();
  const length = z.string().transform((text) => text.length);
  expectTypeOf<SchemaInput<typeof length>>().toEqualTypeOf<string>();
  expectTypeOf<SchemaOutput<typeof length>>().toEqualTypeOf<number>();
});

it("asTool infers what the tool takes", () => {
  const schema = z.object({ name: z.string(), age: z.number() });
  const tool = greet.asTool({ schema });
  expectTypeOf(tool).toEqualTypeOf<RunnableToolLike<typeof schema, string>>();
  expectTypeOf(tool.schema).toEqualTypeOf<typeof schema>();
  expectTypeOf(tool.invoke).parameter(0).toEqualTypeOf<User | ToolCall>();
  expectTypeOf(tool.invoke({ name: "Ada", age: 36 })).resolves.toEqualTypeOf<string>();
  expectTypeOf(tool.name).toEqualTypeOf<string>();

  const shout = RunnableLambda.from((text: string) => text.toUpperCase()).asTool({ schema: v.string() });
  expectTypeOf(shout.invoke).parameter(0).toEqualTypeOf<string | ToolCall>();
  expectTypeOf<SchemaInput<typeof shout.schema>>().toEqualTypeOf<{ input: string }>();

  expectTypeOf(greet.asTool({ schema: { type: "object" } }).invoke({})).resolves.toEqualTypeOf<string>();
  expectTypeOf(greet.asTool({ schema: type({ name: "string", age: "number" }) }).invoke)
    .parameter(0)
    .toEqualTypeOf<User | ToolCall>();
});

it("asTool takes JSON schemas that are described by interfaces", () => {
  interface Described {
    type?: string;
    properties?: Record<string, Described>;
  }
  expectTypeOf(greet.asTool({ schema: {} as Described })).toEqualTypeOf<RunnableToolLike<Described, string>>();
});

it("wrong tools do not compile", () => {
  // @ts-expect-error the runnable takes a user, and the schema gives a string
  greet.asTool({ schema: z.object({ name: z.string() }) });
  // @ts-expect-error the same, of a schema that looks like a JSON schema
  greet.asTool({ schema: v.pipe(v.string(), v.minLength(1)) });
  // @ts-expect-error a tool needs a schema
  greet.asTool({ name: "greet" });
  // @ts-expect-error a number is neither the input nor a call
  greet.asTool({ schema: z.object({ name: z.string(), age: z.number() }) }).invoke(1);
});

import { mergeConfigs, type RunnableConfig } from "../../core/config.ts";
import { describe, runlaneError } from "../../core/errors/errors.ts";
import { invalidSchema } from "../../core/schema/invalid-schema.ts";
import { isJsonSchema } from "../../core/schema/json-schema.ts";
import { describeIssues, isStandardSchema, parseWith, type SchemaIssue } from "../../core/schema/standard-schema.ts";
import { graphOfPart, rebound } from "../../graph/parts.ts";
import { defineKind, type RunnableNode } from "../registry.ts";
import type { Runnable } from "../runnable.ts";
import type { RunnableLike } from "../types.ts";
import { RunnableBinding } from "./binding.ts";
import { RunnableLambda } from "./lambda.ts";
import { RunnableSequence } from "./sequence.ts";
import { argumentsSchema, descriptionOf, type ToolInput, type ToolSchema, toStandard } from "./tool-schema.ts";

/** A model's call of a tool. */
export interface ToolCall {
  /** LangChain's mark of a tool call. */
  readonly type?: "tool_call";
  /** The name of the tool. */
  readonly name: string;
  /** The arguments that the model gives. */
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own type; the tool's schema says what they are
  readonly args: Record<string, any>;
  /** The id of the call, if the model gives one. */
  readonly id?: string | undefined;
}

/** The fields that a {@link RunnableToolLike} is constructed from. */
export interface RunnableToolLikeArgs<Schema extends ToolSchema = ToolSchema, RunOutput = unknown> {
  /** The name by which a model calls the tool. */
  name: string;
  /** The description by which a model knows when to call the tool. */
  description?: string | undefined;
  /** The schema of the arguments, which are an object. */
  schema: Schema;
  /** The runnable that the tool calls. */
  bound: RunnableLike<ToolInput<Schema>, RunOutput>;
  /** A config that every run gets, under the config of the call. */
  config?: RunnableConfig | undefined;
}

/**
 * A runnable that a model can call as a tool. This is what `asTool` makes. The arguments of a `ToolCall` are validated by the
 * schema, and the runnable gets the parsed value; any other input is handed on as it is.
 *
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 * import { z } from "zod";
 *
 * const add = RunnableLambda.from(({ a, b }: { a: number; b: number }) => a + b).asTool({
 *   name: "add",
 *   description: "Adds two numbers.",
 *   schema: z.object({ a: z.number(), b: z.number() }),
 * });
 * await add.invoke({ type: "tool_call", name: "add", id: "call_1", args: { a: 1, b: 2 } }); // 3
 * await add.invoke({ a: 1, b: 2 }); // 3
 * ```
 */
export class RunnableToolLike<Schema extends ToolSchema = ToolSchema, RunOutput = unknown> extends RunnableBinding<
  ToolInput<Schema> | ToolCall,
  RunOutput
> {
  declare name: string;
  readonly description: string | undefined;
  readonly schema: Schema;
  private readonly fields: RunnableToolLikeArgs<Schema, RunOutput>;

  /** @throws RUNLANE_INVALID_STEPS, RUNLANE_INVALID_SCHEMA, RUNLANE_NOT_RUNNABLE */
  constructor(fields: RunnableToolLikeArgs<Schema, RunOutput>) {
    const { name, description, schema, bound, config = {} } = checkFields(fields);
    super({ bound: parsed(name, schema, bound), config });
    this.name = name;
    this.description = description;
    this.schema = schema;
    this.fields = fields;
  }

  static override lc_name(): string {
    return "RunnableToolLike";
  }

  override get node(): RunnableNode {
    return { kind: "toolLike", ...this.fields };
  }

  override getName(suffix = ""): string {
    return `${this.name}${suffix}`;
  }

  /** Binds call options around the tool, which keeps its name. */
  override bind(kwargs: RunnableConfig): RunnableBinding<ToolInput<Schema> | ToolCall, RunOutput> {
    return new RunnableBinding({ bound: this, kwargs, config: {} });
  }

  /** The same tool with a config: still a tool. */
  override withConfig(config: RunnableConfig): RunnableToolLike<Schema, RunOutput> {
    return new RunnableToolLike({ ...this.fields, config: mergeConfigs(this.config, config) });
  }
}

/** A step that parses the arguments of a tool, then runs the runnable of the tool on them. */
function parsed<RunOutput>(name: string, schema: ToolSchema, bound: RunnableLike): RunnableLike<unknown, RunOutput> {
  const standard = toStandard(schema);
  const parseInput = RunnableLambda.from((input: unknown): unknown => {
    if (!isToolCall(input)) return input;
    return parseWith(standard, input.args, (issues) => toolInputError(name, input.args, issues));
  }).withConfig({ runName: `${name}:parse_input` });
  return new RunnableSequence<unknown, RunOutput>({ first: parseInput, last: bound }).withConfig({ runName: name });
}

function isToolCall(input: unknown): input is ToolCall {
  return typeof input === "object" && input !== null && (input as { type?: unknown }).type === "tool_call";
}

/** The error of arguments that do not match, with the name and the `output` of LangChain's ToolInputParsingException. */
function toolInputError(tool: string, args: unknown, issues: readonly SchemaIssue[]) {
  const details = { tool, issues: describeIssues("args", issues) };
  const error = runlaneError("RUNLANE_INVALID_TOOL_INPUT", details, { fix: false });
  return Object.assign(error, { name: "ToolInputParsingException", output: JSON.stringify(args), issues });
}

function checkFields<Fields extends RunnableToolLikeArgs>(fields: Fields): Fields {
  if (typeof fields?.name !== "string" || fields.name === "") {
    throw runlaneError("RUNLANE_INVALID_STEPS", {
      where: "RunnableToolLike",
      expected: "a string as name",
      received: describe(fields?.name),
    });
  }
  if (!isStandardSchema(fields.schema) && !isJsonSchema(fields.schema)) {
    const expected = "a schema that follows Standard Schema (of zod, valibot, arktype and others) or a JSON schema";
    throw invalidSchema(`The schema of the tool ${fields.name}`, expected, fields.schema);
  }
  return fields;
}

/** The fields of a tool as `asTool` takes them. */
export interface AsToolFields<Schema extends ToolSchema> {
  /** @default the name of the runnable */
  name?: string | undefined;
  /** @default the description of the schema */
  description?: string | undefined;
  /** The schema of the arguments: a Standard Schema or a JSON schema. One of a string becomes one of `{ input: string }`. */
  schema: Schema;
}

defineKind("toolLike", {
  type: RunnableToolLike,
  build(node: AsToolFields<ToolSchema> & { bound: Runnable; config?: RunnableConfig }) {
    const { bound, config } = node;
    const name = node.name ?? bound.getName();
    const { schema } = checkFields({ ...node, name });
    const description = node.description ?? descriptionOf(schema);
    return new RunnableToolLike({ name, description, schema: argumentsSchema(schema), bound, config });
  },
  fields: { name: "data", description: "data", schema: "local", bound: "step", config: "config" },
  stays: "checks its input by a schema, and schemas are functions of this thread",
  saved: "its schema has functions",
  draw: (runnable, { bound }: { bound: Runnable }, config) =>
    rebound(graphOfPart(bound, config), runnable, runnable.getName()),
});

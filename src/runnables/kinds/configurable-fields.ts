import type { RunnableConfig } from "../../core/config.ts";
import type { RunContext } from "../../core/context.ts";
import { describe, runlaneError } from "../../core/errors/errors.ts";
import { fieldOf } from "../../core/own.ts";
import type { Step } from "../../core/step.ts";
import { graphOfPart } from "../../graph/parts.ts";
import { toStep } from "../coerce.ts";
import { type ConfigSpec, type ConfigurableField, specsOf, uniqueSpecs } from "../inspect/config-specs.ts";
import { type Rebuild, rebuildOf } from "../rebuild.ts";
import { defineKind, type RunnableNode } from "../registry.ts";
import type { Runnable } from "../runnable.ts";
import type { RunnableInterface } from "../types.ts";
import { RunnableConfigurable } from "./configurable.ts";

/** The fields of a runnable that a config may set, each with the id by which it does. */
export type ConfigurableFieldMap<Subject> = {
  readonly [Field in Exclude<keyof Subject & string, keyof Runnable> | "name"]?: ConfigurableField;
};

/** The number of copies of the runnable that are kept, the last used ones. */
const MAX_COPIES = 16;

/** A copy of the runnable with certain values in its fields. */
interface Copy {
  readonly values: readonly unknown[];
  readonly step: Step;
}

/**
 * A runnable whose fields a config can set: `config.configurable[id]` of a call replaces the field for that call. This is what
 * `configurableFields` makes.
 *
 * Fields are those that the runnable was built with, for example the `template` of a prompt or the `maxAttemptNumber` of a retry.
 * For each set of values a copy of the runnable is built, and the last used 16 are kept. LangChain's runnables are wrapped by
 * {@link RunnableConfigurableFields.from}.
 *
 * @example
 * ```ts
 * import { Runnable } from "runlane";
 *
 * class Greeter extends Runnable<string, string> {
 *   greeting: string;
 *   constructor(fields: { greeting: string }) {
 *     super(fields);
 *     this.greeting = fields.greeting;
 *   }
 *   override async invoke(name: string) {
 *     return `${this.greeting}, ${name}`;
 *   }
 * }
 *
 * const greet = new Greeter({ greeting: "Hello" }).configurableFields({ greeting: { id: "greeting" } });
 * await greet.invoke("Ada"); // "Hello, Ada"
 * await greet.invoke("Ada", { configurable: { greeting: "Salut" } }); // "Salut, Ada"
 * ```
 */
export class RunnableConfigurableFields<
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunInput = any,
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunOutput = any,
  CallOptions extends RunnableConfig = RunnableConfig,
> extends RunnableConfigurable<RunInput, RunOutput, CallOptions> {
  readonly fields: Readonly<Record<string, ConfigurableField>>;
  private readonly names: readonly string[];
  private readonly ids: readonly string[];
  private readonly rebuild: Rebuild;
  /** The copies in the order of their last use; the last used one stands last. */
  private readonly copies: Copy[] = [];

  /** @throws RUNLANE_NOT_RUNNABLE, RUNLANE_INVALID_STEPS, RUNLANE_UNKNOWN_FIELD */
  constructor(args: {
    default: RunnableInterface<RunInput, RunOutput, CallOptions>;
    fields: Readonly<Record<string, ConfigurableField | undefined>>;
  }) {
    super(args.default, "The default of RunnableConfigurableFields");
    this.rebuild = rebuildOf(this.default);
    const entries = Object.entries(args.fields ?? {}).filter(([, field]) => field !== undefined);
    for (const [name, field] of entries) this.checkField(name, field);
    this.fields = Object.freeze(Object.fromEntries(entries) as Record<string, ConfigurableField>);
    this.names = entries.map(([name]) => name);
    this.ids = entries.map(([, field]) => (field as ConfigurableField).id);
  }

  static override lc_name(): string {
    return "RunnableConfigurableFields";
  }

  /**
   * Makes fields of any runnable configurable, LangChain's included.
   *
   * @throws RUNLANE_NOT_RUNNABLE, RUNLANE_INVALID_STEPS, RUNLANE_UNKNOWN_FIELD
   * @example
   * ```ts
   * import { PromptTemplate } from "@langchain/core/prompts";
   * import { RunnableConfigurableFields } from "runlane";
   *
   * const prompt = RunnableConfigurableFields.from(PromptTemplate.fromTemplate("Say {word}"), { template: { id: "template" } });
   * await prompt.invoke({ word: "yes" }, { configurable: { template: "Shout {word}" } });
   * ```
   */
  static from<
    RunInput,
    RunOutput,
    CallOptions extends RunnableConfig,
    Subject extends RunnableInterface<RunInput, RunOutput, CallOptions>,
  >(
    runnable: Subject & RunnableInterface<RunInput, RunOutput, CallOptions>,
    fields: ConfigurableFieldMap<Subject>,
  ): RunnableConfigurableFields<RunInput, RunOutput, CallOptions> {
    return new RunnableConfigurableFields({ default: runnable, fields });
  }

  override get node(): RunnableNode {
    return { kind: "configurableFields", default: this.default, fields: this.fields };
  }

  override configSpecs(): ConfigSpec[] {
    const own = Object.entries(this.fields).map(
      ([key, { id, name, description }]): ConfigSpec => ({ id, name, description, default: this.rebuild.fields[key] }),
    );
    return uniqueSpecs([...own, ...specsOf(this.default)]);
  }

  protected choose({ config: { configurable } }: RunContext): Step {
    if (configurable === undefined) return this.step;
    const { ids } = this;
    let values: unknown[] | undefined;
    for (let index = 0; index < ids.length; index++) {
      const value: unknown = fieldOf(configurable, ids[index] as string);
      if (value === undefined) continue;
      values ??= new Array(ids.length).fill(undefined);
      values[index] = value;
    }
    return values === undefined ? this.step : this.copyWith(values);
  }

  /** The copy for some values, one for each id. */
  private copyWith(values: readonly unknown[]): Step {
    const { copies } = this;
    const found = copies.findIndex((copy) => copy.values.every((value, index) => Object.is(value, values[index])));
    const copy = found === -1 ? this.makeCopy(values) : (copies.splice(found, 1)[0] as Copy);
    copies.push(copy);
    if (copies.length > MAX_COPIES) copies.shift();
    return copy.step;
  }

  private makeCopy(values: readonly unknown[]): Copy {
    const entries = this.names.map((name, index) => [name, values[index]] as const);
    const changes = Object.fromEntries(entries.filter(([, value]) => value !== undefined));
    return { values, step: toStep(this.rebuild.build(changes)) };
  }

  private checkField(name: string, field: ConfigurableField | undefined): void {
    if (!Object.hasOwn(this.rebuild.fields, name)) {
      throw runlaneError("RUNLANE_UNKNOWN_FIELD", {
        where: this.default.getName(),
        field: name,
        expected: Object.keys(this.rebuild.fields).join(", "),
      });
    }
    if (typeof field?.id === "string" && field.id !== "") return;
    throw runlaneError("RUNLANE_INVALID_STEPS", {
      where: "RunnableConfigurableFields",
      expected: `an object with an id for the field "${name}"`,
      received: describe(field),
    });
  }
}

defineKind("configurableFields", {
  type: RunnableConfigurableFields,
  fields: { default: "step", fields: "data" },
  stays: "has fields to be configured, whose runnable is built in this thread",
  saved: "its runnable is built by a constructor of this program",
  draw: (_runnable, fields: { default: Runnable }, config) => graphOfPart(fields.default, config),
});

import type { RunnableConfig } from "../../core/config.ts";
import type { RunContext } from "../../core/context.ts";
import { describe, runlaneError } from "../../core/errors/errors.ts";
import { fieldOf, setOwn } from "../../core/own.ts";
import type { Step } from "../../core/step.ts";
import { isThenable } from "../../core/thenable.ts";
import { box, graphOfPart, isDrawable, withName } from "../../graph/parts.ts";
import { coerce, toStep } from "../coerce.ts";
import { type ConfigSpec, type ConfigurableField, specsOf, uniqueSpecs } from "../inspect/config-specs.ts";
import { defineKind, type RunnableNode } from "../registry.ts";
import type { OutputOf, RunnableInterface, RunnableLike, RunnableMapLike } from "../types.ts";
import { RunnableConfigurable } from "./configurable.ts";

/** The key of `config.configurable` that chooses among alternatives. */
export interface ConfigurableChoice extends ConfigurableField {
  /** The key of the runnable itself among its alternatives. @default "default" */
  readonly defaultKey?: string | undefined;
  /**
   * Whether the configurable fields inside an alternative get ids of their own, of the form `id==key/inner`, so that two alternatives with
   * the same ids can be configured apart. @default false
   */
  readonly prefixKeys?: boolean | undefined;
}

/**
 * An alternative: a runnable, a plain object of steps, or a function that makes one when it is chosen for the first time. A function
 * is never taken for a step here; wrap it by `RunnableLambda.from`.
 */
export type Alternative<RunInput, RunOutput> =
  | RunnableInterface<RunInput, RunOutput>
  | RunnableMapLike<RunInput, RunOutput>
  | (() => RunnableLike<RunInput, RunOutput> | Promise<RunnableInterface<RunInput, RunOutput>>);

/** The outputs of the alternatives of an object. */
export type OutputOfAlternatives<Alternatives> = OutputOfAlternative<Alternatives[keyof Alternatives]>;
type OutputOfAlternative<Like> = Like extends () => infer Made ? OutputOf<Awaited<Made>> : OutputOf<Like>;

/** The fields that a {@link RunnableConfigurableAlternatives} is constructed from. */
export interface RunnableConfigurableAlternativesFields<
  RunInput,
  RunOutput,
  CallOptions extends RunnableConfig = RunnableConfig,
> {
  /** The id under which `config.configurable` names the choice. */
  which: ConfigurableChoice;
  /** The runnable that runs when the config names no other. */
  default: RunnableLike<RunInput, RunOutput, CallOptions>;
  /** The other runnables, by key. */
  alternatives: Readonly<Record<string, Alternative<RunInput, RunOutput>>>;
}

/**
 * A runnable with alternatives to it: `config.configurable[id]` of a call names the one to run. This is what
 * `configurableAlternatives` makes. LangChain's runnables are wrapped by {@link RunnableConfigurableAlternatives.from}.
 *
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 *
 * const greet = RunnableLambda.from((name: string) => `Hello, ${name}`).configurableAlternatives(
 *   { id: "language", defaultKey: "english" },
 *   { french: RunnableLambda.from((name: string) => `Salut, ${name}`) },
 * );
 * await greet.invoke("Ada", { configurable: { language: "french" } }); // "Salut, Ada"
 * await greet.withConfig({ configurable: { language: "english" } }).invoke("Ada"); // "Hello, Ada"
 * ```
 */
export class RunnableConfigurableAlternatives<
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunInput = any,
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunOutput = any,
  CallOptions extends RunnableConfig = RunnableConfig,
> extends RunnableConfigurable<RunInput, RunOutput, CallOptions> {
  readonly which: ConfigurableChoice;
  readonly alternatives: Readonly<Record<string, Alternative<RunInput, RunOutput>>>;
  private readonly defaultKey: string;
  private readonly prefixKeys: boolean;
  /** The step of each key, or the function that makes it, as long as that has not been called. */
  private readonly steps = new Map<string, Step | (() => unknown) | PromiseLike<Step>>();

  /** @throws RUNLANE_NOT_RUNNABLE, RUNLANE_INVALID_STEPS */
  constructor(fields: RunnableConfigurableAlternativesFields<RunInput, RunOutput, CallOptions>) {
    super(fields.default, "The default of RunnableConfigurableAlternatives");
    const { which, alternatives } = fields;
    const { defaultKey = "default", prefixKeys = false } = which ?? {};
    if (typeof which?.id !== "string" || which.id === "") throw invalid("an object with an id to choose by", which);
    if (typeof alternatives !== "object" || alternatives === null)
      throw invalid("an object of alternatives", alternatives);
    if (Object.hasOwn(alternatives, defaultKey))
      throw invalid(`alternatives under other keys than the default's, ${JSON.stringify(defaultKey)}`, alternatives);
    this.which = which;
    this.alternatives = Object.freeze({ ...alternatives });
    this.defaultKey = defaultKey;
    this.prefixKeys = prefixKeys;
    this.steps.set(defaultKey, this.step);
    for (const [key, alternative] of Object.entries(alternatives)) {
      const made = typeof alternative === "function" ? alternative : toStep(coerce(alternative, nameOf(key)));
      this.steps.set(key, made as Step | (() => unknown));
    }
  }

  static override lc_name(): string {
    return "RunnableConfigurableAlternatives";
  }

  /**
   * Gives alternatives to any runnable, LangChain's included.
   *
   * @throws RUNLANE_NOT_RUNNABLE, RUNLANE_INVALID_STEPS
   */
  static from<RunInput, RunOutput, CallOptions extends RunnableConfig = RunnableConfig>(
    runnable: RunnableLike<RunInput, RunOutput, CallOptions>,
    which: ConfigurableChoice,
    alternatives: Readonly<Record<string, Alternative<RunInput, RunOutput>>>,
  ): RunnableConfigurableAlternatives<RunInput, RunOutput, CallOptions> {
    return new RunnableConfigurableAlternatives({ which, default: runnable, alternatives });
  }

  override get node(): RunnableNode {
    const { which, alternatives } = this;
    return { kind: "configurableAlternatives", which, default: this.default, alternatives };
  }

  /** The specs of the choice itself, of the default, and of the alternatives that have been made. */
  override configSpecs(): ConfigSpec[] {
    const { id, name, description } = this.which;
    const specs: ConfigSpec[] = [
      { id, name, description, default: this.defaultKey, options: [...this.steps.keys()].sort() },
    ];
    for (const [key, step] of this.steps) {
      const prefix = this.prefixKeys ? this.prefixOf(key) : "";
      for (const spec of specsOf(step)) specs.push({ ...spec, id: `${prefix}${spec.id}` });
    }
    return uniqueSpecs(specs);
  }

  protected choose({ config: { configurable } }: RunContext): Step | PromiseLike<Step> {
    const key: unknown = this.keyIn(configurable);
    const step = this.steps.get(key as string);
    if (step === undefined) {
      throw runlaneError("RUNLANE_UNKNOWN_ALTERNATIVE", {
        id: this.which.id,
        expected: [...this.steps.keys()].join(", "),
        received: describe(key),
      });
    }
    return typeof step === "function" ? this.make(key as string, step) : step;
  }

  /** Calls the function that makes an alternative, once. When it fails, the next use tries again. */
  private make(key: string, factory: () => unknown): Step | PromiseLike<Step> {
    const toMade = (made: unknown): Step => {
      const step = toStep(coerce(made, nameOf(key)));
      this.steps.set(key, step);
      return step;
    };
    const made = factory();
    if (!isThenable(made)) return toMade(made);
    const pending = Promise.resolve(made)
      .then(toMade)
      .catch((error) => {
        this.steps.set(key, factory);
        throw error;
      });
    this.steps.set(key, pending);
    return pending;
  }

  /** The context of the chosen step. Where ids are prefixed, it has the step's own ids without the prefix. */
  protected override contextOf(ctx: RunContext): RunContext {
    const { configurable } = ctx.config;
    if (!this.prefixKeys || configurable === undefined) return ctx;
    const prefix = this.prefixOf(this.keyIn(configurable) as string);
    const own = Object.keys(configurable).filter((id) => id.startsWith(prefix));
    if (own.length === 0) return ctx;
    const inner = { ...configurable };
    for (const id of own) setOwn(inner, id.slice(prefix.length), configurable[id]);
    return ctx.with({ config: { ...ctx.config, configurable: inner } });
  }

  /** The key of the alternative that a config chooses. */
  private keyIn(configurable: object | undefined): unknown {
    return fieldOf(configurable ?? {}, this.which.id) ?? this.defaultKey;
  }

  private prefixOf(key: string): string {
    return `${this.which.id}==${key}/`;
  }
}

const nameOf = (key: string): string => `The alternative "${key}"`;

function invalid(expected: string, received: unknown): Error {
  return runlaneError("RUNLANE_INVALID_STEPS", {
    where: "RunnableConfigurableAlternatives",
    expected,
    received: describe(received),
  });
}

defineKind("configurableAlternatives", {
  type: RunnableConfigurableAlternatives,
  fields: { which: "data", default: "step", alternatives: "stepMap" },
  conditional: ["default", "alternatives"],
  stays: "chooses between alternatives that stand in this thread; choose around the steps with lanes",
  saved: "its alternatives may be functions that make them",
  /** Draws the step that a run with the config would run. An alternative that has not been made yet is a box with its key. */
  draw(runnable, { which, alternatives, default: preset }: RunnableConfigurableAlternatives, config) {
    const key = fieldOf((config as RunnableConfig | undefined)?.configurable ?? {}, which.id) as string | undefined;
    if (key === undefined || !Object.hasOwn(alternatives, key)) return graphOfPart(preset, config);
    const chosen = alternatives[key];
    return isDrawable(chosen) ? graphOfPart(chosen, config) : box(withName(runnable, key));
  },
});

import { PromptTemplate } from "@langchain/core/prompts";
import * as langchain from "@langchain/core/runnables";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { describe, expect, it } from "vitest";
import { Runnable, RunnableConfigurableFields, RunnableLambda, type RunnableRetry } from "../../src/index.ts";
import { Places } from "./places.ts";
import { all } from "./support.ts";

/** Passes its fields on, as LangChain's classes do, and computes something of them. */
class Greeter extends Runnable<string, string> {
  static made = 0;
  greeting: string;
  mark: string;
  readonly #loud: string;

  constructor(fields: { greeting: string; mark?: string }) {
    super(fields);
    Greeter.made++;
    this.greeting = fields.greeting;
    this.mark = fields.mark ?? ".";
    this.#loud = fields.greeting.toUpperCase();
  }

  override async invoke(name: string): Promise<string> {
    return `${this.#loud} ${name}${this.mark}`;
  }
}

const greet = new Greeter({ greeting: "hello" }).configurableFields({
  greeting: { id: "greeting", name: "Greeting", description: "How to begin" },
  mark: { id: "mark" },
});
const salut = { configurable: { greeting: "salut" } };

describe("configurable fields", () => {
  it("are replaced for calls whose config says so", async () => {
    expect(await greet.invoke("Ada")).toBe("HELLO Ada.");
    expect(await greet.invoke("Ada", salut)).toBe("SALUT Ada.");
    expect(await greet.invoke("Ada", { configurable: { greeting: "hi", mark: "!", other: 1 } })).toBe("HI Ada!");
    expect(await greet.invoke("Ada")).toBe("HELLO Ada.");
  });

  it("differ from input to input of a batch", async () => {
    expect(await greet.batch(["Ada", "Bob", "Eve"], [salut, {}, { configurable: { mark: "?" } }])).toEqual([
      "SALUT Ada.",
      "HELLO Bob.",
      "HELLO Eve?",
    ]);
    expect(await greet.batch(["Ada", "Bob"], salut)).toEqual(["SALUT Ada.", "SALUT Bob."]);
  });

  it("hold when streaming", async () => {
    expect(await all(await greet.stream("Ada", salut))).toEqual(["SALUT Ada."]);
  });

  it("are reached inside chains, parallels, fallbacks, retries and bindings", async () => {
    const failing = RunnableLambda.from((_: string): string => {
      throw new Error("boom");
    });
    const chain = RunnableLambda.from((name: string) => name.trim())
      .pipe(failing.withFallbacks([greet.withRetry()]))
      .pipe({ text: (text: string) => text });
    expect(await chain.invoke(" Ada ", salut)).toEqual({ text: "SALUT Ada." });
    expect(await greet.withConfig(salut).invoke("Ada")).toBe("SALUT Ada.");
    expect(await greet.withConfig(salut).invoke("Ada", { configurable: { mark: "!" } })).toBe("SALUT Ada!");
    const within = RunnableLambda.from((name: string) =>
      greet.withConfig({ configurable: { mark: "!" } }).pipe((x) => x + name),
    );
    expect(await within.invoke("Ada", salut)).toBe("SALUT Ada!Ada");
  });

  it("are reached inside a LangChain chain", async () => {
    const chain = langchain.RunnableSequence.from([(name: string) => name.trim(), greet as never]);
    expect(await chain.invoke(" Ada ", salut)).toBe("SALUT Ada.");
  });

  it("make one copy for each set of values, and keep the last used", async () => {
    Greeter.made = 0;
    const runnable = new Greeter({ greeting: "a" }).configurableFields({ greeting: { id: "g" } });
    const use = (g: string) => runnable.invoke("x", { configurable: { g } });
    await use("kept");
    await use("kept");
    expect(Greeter.made).toBe(2);
    for (let n = 0; n < 15; n++) await use(`other ${n}`);
    await use("kept");
    expect(Greeter.made).toBe(17);
    for (let n = 15; n < 31; n++) await use(`other ${n}`);
    await use("kept");
    expect(Greeter.made).toBe(34);
  });

  it("keep a copy that is used seldom, however often another one is", async () => {
    const runnable = new Greeter({ greeting: "a" }).configurableFields({ greeting: { id: "g" } });
    const use = (g: string) => runnable.invoke("x", { configurable: { g } });
    await use("seldom");
    Greeter.made = 0;
    for (let n = 0; n < 20; n++) await use("often");
    await use("seldom");
    expect(Greeter.made).toBe(1);
  });

  it("are also those of Runlane's own runnables", async () => {
    const attempts: number[] = [];
    const flaky = RunnableLambda.from((x: number): number => {
      attempts.push(x);
      throw new Error("boom");
    });
    const retry: RunnableRetry<number, number> = flaky.withRetry({ backoff: { initialDelayMs: 0 } });
    const runnable = retry.configurableFields({ maxAttemptNumber: { id: "attempts" } });
    await expect(runnable.invoke(1, { configurable: { attempts: 2 } })).rejects.toThrow("boom");
    expect(attempts).toEqual([1, 1]);
    const refused = runnable.invoke(1, { configurable: { attempts: -1 } });
    await expect(refused).rejects.toMatchObject({ code: "RUNLANE_INVALID_OPTION" });
    const lambda = RunnableLambda.from((x: number) => x).configurableFields({ func: { id: "func" } });
    expect(await lambda.invoke(2, { configurable: { func: (x: number) => x * 21 } })).toBe(42);
  });

  it("of a subclass that keeps its fields to itself are replaced in a copy of its properties", async () => {
    class Scale extends Runnable<number, number> {
      factor = 2;
      override run(input: number): number {
        return input * this.factor;
      }
    }
    class Named extends RunnableLambda<number, string> {
      suffix = "!";
      override run(input: number): string {
        return `${input}${this.suffix}`;
      }
    }
    const scale = new Scale().configurableFields({ factor: { id: "factor" } });
    expect(await scale.batch([1, 1], [{}, { configurable: { factor: 5 } }])).toEqual([2, 5]);
    const named = new Named({ func: String }).configurableFields({ suffix: { id: "suffix" } });
    expect(await named.batch([1, 1], [{}, { configurable: { suffix: "?" } }])).toEqual(["1!", "1?"]);
  });

  it("include the name of any runnable, and copies keep it", async () => {
    const places = new Places();
    const step = RunnableLambda.from((x: number) => x, { name: "first" });
    const runnable = step.configurableFields({ name: { id: "name" }, func: { id: "func" } });
    expect(runnable.getName()).toBe("first");
    expect(runnable.configSpecs()[0]?.default).toBe("first");
    await runnable.invoke(1, { ...places.config(), configurable: { name: "second" }, runName: "mine" });
    expect(places.names("RunnableLambda")).toEqual(["mine"]);
  });

  it("leave a name that was given after building", async () => {
    class Teller extends Runnable<string, string> {
      constructor(readonly fields: { mark: string }) {
        super(fields);
      }
      override run(): string {
        return `${this.name}${this.fields.mark}`;
      }
    }
    const teller = new Teller({ mark: "." });
    teller.name = "given";
    const runnable = teller.configurableFields({ mark: { id: "mark" }, name: { id: "name" } } as never);
    expect(await runnable.invoke("", { configurable: { mark: "!" } })).toBe("given!");
    expect(await runnable.invoke("", { configurable: { name: "other" } })).toBe("other.");
  });

  it("of LangChain's runnables are replaced by building them anew", async () => {
    const prompt = RunnableConfigurableFields.from(PromptTemplate.fromTemplate("Say {word}"), {
      template: { id: "template" },
    });
    const model = RunnableConfigurableFields.from(new FakeListChatModel({ responses: ["yes"] }), {
      responses: { id: "responses" },
      sleep: { id: "sleep" },
    });
    const chain = prompt.pipe({
      prompt: (value) => value.toString(),
      answer: model.pipe((message) => message.content),
    });
    expect(await chain.invoke({ word: "it" })).toEqual({ prompt: "Say it", answer: "yes" });
    const configurable = { template: "Shout {word}", responses: ["no"] };
    expect(await chain.invoke({ word: "it" }, { configurable })).toEqual({ prompt: "Shout it", answer: "no" });
    const chunks = await all(await model.stream("hello", { configurable }));
    expect(chunks.map(({ content }) => content).join("")).toBe("no");
  });

  it("that the runnable does not have are refused", () => {
    const build = (): unknown => new Greeter({ greeting: "a" }).configurableFields({ greetings: { id: "g" } } as never);
    expect(build).toThrow(
      expect.objectContaining({
        code: "RUNLANE_UNKNOWN_FIELD",
        message: expect.stringContaining(
          "Greeter has no field greetings to be configured; it has name, greeting, mark.",
        ),
      }),
    );
    expect(() => new Greeter({ greeting: "a" }).configurableFields({ invoke: { id: "g" } } as never)).toThrow(
      expect.objectContaining({ code: "RUNLANE_UNKNOWN_FIELD" }),
    );
  });

  it.each([[{}], [{ id: 5 }], [{ id: "" }], ["greeting"]])("need an id: %j", (field) => {
    expect(() => new Greeter({ greeting: "a" }).configurableFields({ greeting: field as never })).toThrow(
      expect.objectContaining({ code: "RUNLANE_INVALID_STEPS" }),
    );
  });

  it("join the chunks of the output as the runnable itself does", () => {
    class Last extends Greeter {
      override _concatOutputChunks<O>(_first: O, second: O): O {
        return second;
      }
    }
    const last = new Last({ greeting: "a" }).configurableFields({ greeting: { id: "g" } });
    expect(last._concatOutputChunks("a", "b")).toBe("b");
    expect(greet._concatOutputChunks("a", "b")).toBe("ab");
  });

  it("have no run of their own", async () => {
    const places = new Places();
    await RunnableLambda.from((x: string) => x)
      .pipe(greet)
      .invoke("Ada", { ...places.config(), ...salut });
    expect(places.of("Greeter")).toHaveLength(1);
    expect(greet.trace).toBeUndefined();
  });
});

describe("configSpecs", () => {
  it("lists what can be configured, with what holds otherwise", () => {
    expect(greet.configSpecs()).toEqual([
      { id: "greeting", name: "Greeting", description: "How to begin", default: "hello" },
      { id: "mark", name: undefined, description: undefined, default: "." },
    ]);
  });

  it("finds it in all steps of a tree, LangChain's included, once for each id", () => {
    const other = new Greeter({ greeting: "x" }).configurableFields({ greeting: { id: "other" } });
    const foreign = langchain.RunnableSequence.from([(x: string) => x, other as never]);
    const tree = RunnableLambda.from((x: string) => x)
      .withConfig({
        configurable: { unused: new Greeter({ greeting: "y" }).configurableFields({ mark: { id: "unused" } }) },
      })
      .pipe({ a: greet, b: greet.withRetry() })
      .pipe(RunnableLambda.from(() => "").withFallbacks([foreign as never]));
    expect(tree.configSpecs().map(({ id }) => id)).toEqual(["greeting", "mark", "other"]);
    const same = new Greeter({ greeting: "later" }).configurableFields({ greeting: { id: "greeting" } });
    expect(greet.pipe(same).configSpecs()[0]).toMatchObject({ id: "greeting", default: "hello" });
    expect(new Greeter({ greeting: "a" }).configSpecs()).toEqual([]);
  });
});

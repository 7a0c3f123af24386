import { readdirSync, readFileSync } from "node:fs";
import { Document } from "@langchain/core/documents";
import { SimpleChatModel } from "@langchain/core/language_models/chat_models";
import { load as langchainLoad } from "@langchain/core/load";
import { AIMessage, AIMessageChunk, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { CommaSeparatedListOutputParser, StringOutputParser } from "@langchain/core/output_parsers";
import { JsonOutputToolsParser } from "@langchain/core/output_parsers/openai_tools";
import { ChatGenerationChunk } from "@langchain/core/outputs";
import { ChatPromptTemplate, MessagesPlaceholder, PromptTemplate } from "@langchain/core/prompts";
import * as langchain from "@langchain/core/runnables";
import { describe, expect, it, vi } from "vitest";
import { load } from "../../src/adapters/langchain/index.ts";
import * as runlane from "../../src/index.ts";
import { all } from "../runnables/support.ts";

type Library = any;

/** A chain of what can be saved, from either library. */
function chainOf({ RunnableMap, RunnablePassthrough, RunnablePick, RunnableBranch }: Library) {
  return RunnableMap.from({ topic: new RunnablePick("topic"), all: new RunnablePassthrough() })
    .pipe(RunnablePassthrough.assign({ line: new RunnablePick("topic").pipe(new StringOutputParser()) }))
    .pipe(
      RunnablePassthrough.assign({
        same: RunnableBranch.from([[new RunnablePick("no"), new RunnablePick("all")], new RunnablePick("line")]),
      }),
    )
    .pipe(new RunnablePick(["line", "topic", "same"]))
    .pipe(
      ChatPromptTemplate.fromMessages([
        ["system", "{same}"],
        ["human", "About {line} and {topic}"],
      ]),
    )
    .withConfig({ runName: "talk", tags: ["saved"] });
}

/** A model of another package: it repeats its prompt, letter by letter. */
class FakeModel extends SimpleChatModel {
  override lc_namespace = ["acme", "models"];
  override lc_serializable = true;
  readonly mark: string;

  constructor(fields: { mark: string }) {
    super(fields as object);
    this.mark = fields.mark;
  }

  override _llmType() {
    return "fake";
  }

  override async _call([message]: BaseMessage[]) {
    return `${message?.content}${this.mark}`;
  }

  override async *_streamResponseChunks(messages: BaseMessage[]) {
    for (const text of await this._call(messages))
      yield new ChatGenerationChunk({ text, message: new AIMessageChunk(text) });
  }
}

const input = { topic: "bears" };
const said = async (chain: Library) => (await chain.invoke(input)).toString();
const expected = "System: bears\nHuman: About bears and bears";

describe("load of runlane/langchain", () => {
  it("builds a chain of Runlane's and LangChain's parts that does what the saved one did", async () => {
    const chain = chainOf(runlane);
    const loaded = await load<Library>(JSON.stringify(chain));
    expect(loaded).toBeInstanceOf(runlane.RunnableBinding);
    expect(loaded.bound.last).toBeUndefined();
    expect(loaded.bound.steps.at(-1)).toBeInstanceOf(ChatPromptTemplate);
    expect(await said(chain)).toBe(expected);
    expect(await said(loaded)).toBe(expected);
    expect(await loaded.batch([input, { topic: "owls" }])).toEqual(await chain.batch([input, { topic: "owls" }]));
    expect((await all(await loaded.stream(input))).length).toBe(1);
    expect(JSON.stringify(loaded)).toBe(JSON.stringify(chain));
  });

  it("builds Runlane's runnables of what LangChain saved", async () => {
    const loaded = await load<Library>(JSON.stringify(chainOf(langchain)));
    expect(loaded).toBeInstanceOf(runlane.RunnableBinding);
    expect(loaded.bound).toBeInstanceOf(runlane.RunnableSequence);
    expect(await said(loaded)).toBe(expected);
  });

  it("streams what a chat model streams, through parts that were loaded", async () => {
    const chain = runlane.RunnableMap.from({ name: new runlane.RunnablePassthrough() })
      .pipe(PromptTemplate.fromTemplate("Hello {name}"))
      .pipe(new FakeModel({ mark: "!" }))
      .pipe(new StringOutputParser());
    const importMap = { "acme/models": { FakeModel } };
    const loaded = await load<runlane.Runnable>(JSON.stringify(chain), { importMap });
    expect(await loaded.invoke("Ada")).toBe("Hello Ada!");
    expect(await all(await loaded.stream("Ada"))).toEqual([..."Hello Ada!"]);
  });

  it("keeps messages, prompts and parsers", async () => {
    const things = {
      messages: [new HumanMessage("hi"), new AIMessage({ content: "yes", additional_kwargs: { lc: 1 } })],
      prompt: ChatPromptTemplate.fromMessages([new MessagesPlaceholder("history"), ["human", "{question}"]]),
      list: new CommaSeparatedListOutputParser(),
      tools: new JsonOutputToolsParser({ returnId: true }),
    };
    const loaded = await load<typeof things>(JSON.stringify(things));
    expect(loaded.messages[0]).toBeInstanceOf(HumanMessage);
    expect(loaded.messages[1]).toBeInstanceOf(AIMessage);
    expect(loaded.messages[1]?.additional_kwargs).toEqual({ lc: 1 });
    expect(loaded.prompt).toBeInstanceOf(ChatPromptTemplate);
    expect(loaded.list).toBeInstanceOf(CommaSeparatedListOutputParser);
    expect(loaded.tools).toBeInstanceOf(JsonOutputToolsParser);
    expect(JSON.stringify(loaded)).toBe(JSON.stringify(things));
    const values = { history: loaded.messages, question: "and?" };
    expect(await loaded.prompt.invoke(values)).toEqual(await things.prompt.invoke(values));
  });

  it("keeps the runnables that only LangChain has as LangChain's", async () => {
    class OnlyTheirs extends langchain.RunnablePick {}
    const document = JSON.stringify(new OnlyTheirs("a"));
    await expect(load(document)).rejects.toThrow("nothing is known of the class langchain_core.runnables.OnlyTheirs");
    const importMap = { "langchain_core/runnables": { OnlyTheirs } };
    expect(await load(document, { importMap })).toBeInstanceOf(OnlyTheirs);
  });

  it("refuses helper functions of LangChain's modules", async () => {
    const document = {
      lc: 1,
      type: "constructor",
      id: ["langchain_core", "prompts", "interpolateFString"],
      kwargs: {},
    };
    await expect(load(document)).rejects.toMatchObject({ code: "RUNLANE_NOT_LOADABLE" });
  });

  it("gives back what is no saved object, and knows no classes of other packages by itself", async () => {
    const document = JSON.stringify(new Document({ pageContent: "x" }));
    expect(await load(document)).toEqual({ pageContent: "x", metadata: {} });
    await expect(load({ lc: 1, type: "constructor", id: ["acme", "Thing"], kwargs: {} })).rejects.toThrow("acme.Thing");
  });
});

/** One runnable of every kind that both libraries have. */
function everyKind(): Record<string, runlane.Runnable> {
  const pick = new runlane.RunnablePick("a");
  return {
    RunnableMap: runlane.RunnableMap.from({ pick }),
    RunnableAssign: runlane.RunnablePassthrough.assign({ b: pick }) as runlane.Runnable,
    RunnablePassthrough: new runlane.RunnablePassthrough(),
    RunnablePick: pick,
    RunnableBranch: runlane.RunnableBranch.from([[pick, pick], pick]),
    RouterRunnable: new runlane.RouterRunnable({ runnables: { pick } }),
    RunnableEach: pick.map(),
    RunnableSequence: pick.pipe(pick),
    RunnableBinding: pick.withConfig({ tags: ["a"] }),
    RunnableRetry: pick.withRetry({ stopAfterAttempt: 5 }),
    RunnableWithFallbacks: pick.withFallbacks([pick]),
  };
}

describe("load of runlane/langchain, without the rest of Runlane", () => {
  it("loads the classes of all kinds, so that methods of what it loads can make others", () => {
    const folder = new URL("../../src/runnables/kinds/", import.meta.url);
    const list = readFileSync(new URL("all.ts", folder), "utf8");
    const defining = readdirSync(folder).filter((file) =>
      /^defineKind\(/m.test(readFileSync(new URL(file, folder), "utf8")),
    );
    expect(defining.length).toBeGreaterThan(10);
    expect(list.match(/(?<=^import "\.\/).+(?=";)/gm)?.sort()).toEqual(defining.sort());
  });

  it("knows Runlane's runnables of every kind", async () => {
    vi.resetModules();
    const alone = await import("../../src/adapters/langchain/index.ts");
    for (const [name, runnable] of Object.entries(everyKind())) {
      const loaded = await alone.load<Library>(JSON.stringify(runnable));
      expect([name, Symbol.for("runlane.step") in loaded]).toEqual([name, true]);
      expect(loaded.pipe({ all: (x: unknown) => x })).toHaveProperty("steps");
    }
  });
});

describe("LangChain's load", () => {
  it("builds LangChain's runnables of what Runlane saved", async () => {
    const loaded = await langchainLoad<Library>(JSON.stringify(chainOf(runlane)));
    expect(loaded).toBeInstanceOf(langchain.RunnableBinding);
    expect(loaded.bound).toBeInstanceOf(langchain.RunnableSequence);
    expect(await said(loaded)).toBe(expected);
  });

  it("of every kind that both have", async () => {
    for (const [name, runnable] of Object.entries(everyKind())) {
      const theirs = await langchainLoad<Library>(JSON.stringify(runnable));
      expect(theirs).toBeInstanceOf((langchain as Library)[name]);
      const again = await load<Library>(JSON.stringify(theirs));
      expect(again).toBeInstanceOf(runnable.constructor);
      expect(JSON.stringify(again)).toBe(JSON.stringify(runnable));
    }
  });
});

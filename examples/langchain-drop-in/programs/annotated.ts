/** Types by name: parameters, results and fields that are runnables, configs passed between functions, generic helpers. */
import type { BaseMessage } from "@langchain/core/messages";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { PromptTemplate } from "@langchain/core/prompts";
import {
  _coerceToRunnable,
  type BranchLike,
  ensureConfig,
  getCallbackManagerForConfig,
  mergeConfigs,
  patchConfig,
  pickRunnableConfigKeys,
  type RouterInput,
  RouterRunnable,
  Runnable,
  RunnableAssign,
  type RunnableBatchOptions,
  RunnableBinding,
  RunnableBranch,
  type RunnableConfig,
  RunnableEach,
  type RunnableFunc,
  type RunnableInterface,
  RunnableLambda,
  type RunnableLike,
  RunnableMap,
  RunnableParallel,
  RunnablePassthrough,
  RunnablePick,
  RunnableRetry,
  RunnableSequence,
} from "@langchain/core/runnables";
import { FakeListChatModel } from "@langchain/core/utils/testing";

interface Entry {
  title: string;
  year: number;
}

const label: RunnableLambda<Entry, string> = RunnableLambda.from((entry: Entry) => `${entry.title} (${entry.year})`);
const shelve = (step: Runnable<Entry, string>): Runnable<Entry, string> => step.pipe((text) => `shelf: ${text}`);
const later: RunnableFunc<Entry, number> = async (entry) => entry.year + 1;
const loose: RunnableLike<Entry, number> = later;
const firm: Runnable<Entry, number> = _coerceToRunnable(loose);
const entry: Entry = { title: "Tides", year: 1921 };
console.log(await shelve(label).invoke(entry), await firm.invoke(entry));

/** Runs anything that can be run, twice. */
async function twice<In, Out>(
  runnable: RunnableInterface<In, Out>,
  input: In,
  config?: RunnableConfig,
): Promise<Out[]> {
  return [await runnable.invoke(input, config), await runnable.invoke(input, config)];
}
console.log(await twice(label, entry), await twice(new StringOutputParser(), "text", { tags: ["a"] }));

class Catalogue {
  readonly chain: RunnableSequence<Entry, string>;
  private readonly options: RunnableBatchOptions = { returnExceptions: false };

  constructor(model: Runnable<Entry, string>) {
    this.chain = RunnableSequence.from<Entry, string>([model, (text: string) => text.toUpperCase()]);
  }

  async all(entries: Entry[], config: Partial<RunnableConfig> = {}): Promise<string[]> {
    return this.chain.batch(entries, config, { ...this.options, returnExceptions: false });
  }
}
console.log(await new Catalogue(label).all([entry, { ...entry, year: 1922 }], { maxConcurrency: 1 }));

const branches: BranchLike<Entry, string>[] = [[(item) => item.year < 1900, () => "old"]];
console.log(await RunnableBranch.from<Entry, string>([...branches, () => "recent"]).invoke(entry));

const map: RunnableMap<Entry> = RunnableMap.from({ label, year: (item: Entry) => item.year });
console.log(
  (await map.invoke(entry)).year,
  map instanceof RunnableMap,
  RunnableParallel.from({ label }) instanceof Runnable,
);
const assign: RunnableAssign = new RunnableAssign({
  mapper: RunnableMap.from({ shout: (item: { a?: string }) => `${item.a}!` }),
});
console.log(await assign.invoke({ a: "b" }), await new RunnablePick({ keys: "a" }).invoke({ a: 1, b: 2 }));

const dated = RunnablePassthrough.assign<{ year: number }, { next: number }>({ next: ({ year }) => year + 1 });
const chosen = dated.pipe(new RunnablePick<{ year: number; next: number }, number, RunnableConfig>("next"));
console.log(await chosen.invoke({ year: 1921 }));

const binding = new RunnableBinding({ bound: label, config: { tags: ["bound"] } });
const retry = new RunnableRetry({ bound: label, config: {}, maxAttemptNumber: 2 });
const each = new RunnableEach<Entry, string, RunnableConfig>({ bound: label });
console.log(await binding.invoke(entry), await retry.invoke(entry), await each.invoke([entry]));
console.log(Boolean(RunnableBinding.isRunnableBinding(binding)), Boolean(RunnableBinding.isRunnableBinding(label)));
console.log(
  RunnableSequence.isRunnableSequence(new Catalogue(label).chain),
  RunnableSequence.isRunnableSequence(label),
);

const router = new RouterRunnable<RouterInput, Entry, string>({ runnables: { label } });
const input: RouterInput = { key: "label", input: entry };
console.log(await router.invoke(input));

// Configs between functions, this library's and LangChain's own.
const model = new FakeListChatModel({ responses: ["yes"] });
const ask = RunnableLambda.from(async (question: string, config: RunnableConfig): Promise<string> => {
  const messages = await PromptTemplate.fromTemplate("{question}?").invoke({ question }, config);
  const reply: BaseMessage = await model.invoke(messages, patchConfig(config, { runName: "ask" }));
  return String(reply.content);
});
console.log(await ask.invoke("Is it open", { configurable: { desk: 2 } }));
const config: RunnableConfig = mergeConfigs({ tags: ["a"], metadata: { x: 1 } }, { tags: ["b"], metadata: { y: 2 } });
console.log(config.tags, config.metadata, ensureConfig(config).recursionLimit);
console.log(
  pickRunnableConfigKeys({ tags: ["a"], runName: "r" })?.tags,
  (await getCallbackManagerForConfig({})) === undefined,
);

const passthrough: RunnablePassthrough<Entry> = new RunnablePassthrough();
console.log((await passthrough.invoke(entry)).title);
const stream: ReadableStream<string> = await label.stream(entry);
console.log((await stream.getReader().read()).value);

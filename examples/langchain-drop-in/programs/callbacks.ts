/** Handlers, listeners, tags and metadata: who hears what about which run. */
import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { RunnableLambda, RunnableMap, RunnableSequence } from "@langchain/core/runnables";
import { FakeListChatModel } from "@langchain/core/utils/testing";

/** What went in or came out, where it is short. */
const shown = (values: Record<string, unknown>): string => {
  const text = JSON.stringify(values);
  return text.includes('"lc":') ? "(messages)" : text;
};

/** Writes down the tree of runs: every line shows a run under the run that started it. */
class Ledger extends BaseCallbackHandler {
  name = "ledger";
  override awaitHandlers = true;
  readonly lines: string[] = [];
  private readonly depths = new Map<string, number>();

  private note(runId: string, parentRunId: string | undefined, text: string): void {
    const depth = parentRunId === undefined ? 0 : (this.depths.get(parentRunId) ?? -1) + 1;
    this.depths.set(runId, depth);
    this.lines.push(`${"  ".repeat(depth)}${text}`);
  }

  override handleChainStart(
    _chain: unknown,
    inputs: Record<string, unknown>,
    runId: string,
    parentRunId?: string,
    tags?: string[],
    metadata?: Record<string, unknown>,
    _runType?: string,
    runName?: string,
  ): void {
    this.note(runId, parentRunId, `start ${runName} ${shown(inputs)} ${tags} ${metadata?.shift ?? ""}`);
  }

  override handleChainEnd(outputs: Record<string, unknown>, runId: string, parentRunId?: string): void {
    this.note(runId, parentRunId, `end ${shown(outputs)}`);
  }

  override handleChainError(error: Error, runId: string, parentRunId?: string): void {
    this.note(runId, parentRunId, `error ${error.message}`);
  }

  override handleChatModelStart(
    _llm: unknown,
    messages: { content: unknown }[][],
    runId: string,
    parentRunId?: string,
  ): void {
    this.note(runId, parentRunId, `model ${messages[0]?.[0]?.content}`);
  }

  print(): void {
    for (const line of this.lines.splice(0)) console.log(line);
  }
}

const ledger = new Ledger();
const pump = RunnableLambda.from((level: number) => level + 1).withConfig({ runName: "pump" });
const gauge = RunnableLambda.from((level: number) => `${level} m`).withConfig({
  runName: "gauge",
  tags: ["read-only"],
});
const sluice = RunnableSequence.from([pump, gauge]).withConfig({ runName: "sluice" });
await sluice.invoke(3, { callbacks: [ledger], tags: ["night"], metadata: { shift: "late" } });
ledger.print();

console.log("-- models and parsers");
const report = RunnableSequence.from([
  ChatPromptTemplate.fromTemplate("Report {level}"),
  new FakeListChatModel({ responses: ["all dry"] }),
  new StringOutputParser(),
]);
await report.invoke({ level: 2 }, { callbacks: [ledger], runName: "report" });
ledger.print();

console.log("-- a failure");
const leak = RunnableLambda.from((_: number): number => {
  throw new Error("leak");
});
await RunnableMap.from({ ok: pump, bad: leak })
  .invoke(1, { callbacks: [ledger] })
  .catch(() => undefined);
console.log(ledger.lines.filter((line) => line.includes("error")).length);
ledger.lines.length = 0;

console.log("-- a config handed on by hand");
const outer = RunnableLambda.from(async (level: number, config) => `${await sluice.invoke(level, config)}!`);
await outer.invoke(7, { callbacks: [ledger], runName: "outer" });
ledger.print();

console.log("-- listeners");
const heard: string[] = [];
const listened = sluice.withListeners({
  onStart: (run) => void heard.push(`start ${run.name} ${JSON.stringify(run.inputs)}`),
  onEnd: async (run) => void heard.push(`end ${JSON.stringify(run.outputs)}`),
});
await listened.invoke(1);
console.log(heard);
const failed: string[] = [];
await leak
  .withListeners({ onError: (run) => void failed.push(String(run.error).split("\n", 1)[0] ?? "") })
  .invoke(1)
  .catch(() => undefined);
console.log(failed.map((text) => text.includes("leak")));

console.log("-- plain handler objects");
const names: (string | undefined)[] = [];
await sluice.invoke(1, {
  callbacks: [
    { awaitHandlers: true, handleChainStart: (...call: unknown[]) => void names.push(call[7] as string) } as object,
  ],
});
console.log(names);

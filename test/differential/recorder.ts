import { BaseCallbackHandler, type BaseCallbackHandlerInput } from "@langchain/core/callbacks/base";
import { errorText, type Ids, text } from "./plain.ts";

type Serialized = { id?: string[] } | undefined;
type Kwargs = { inputs?: unknown } | undefined;

/** One call of a handler. */
interface Call {
  run: string;
  parent: string;
  line: string;
}

/** Records every call of a handler as a line of text: `r2<r1 chain start RunnableLambda [seq:step:1] {} {"input":1}`. */
export class Recorder extends BaseCallbackHandler {
  name = "recorder";
  override awaitHandlers = true;
  private readonly calls: Call[] = [];

  /** @param sameErrors Whether errors are compared by their text, or only by being errors. */
  constructor(
    private readonly ids: Ids,
    private readonly sameErrors = true,
    input?: BaseCallbackHandlerInput,
  ) {
    super(input);
  }

  /** All calls in the order in which they came. */
  get flat(): string[] {
    return this.calls.map(({ run, parent, line }) => `${run}<${parent} ${line}`);
  }

  /** The calls of each run, inside the run around it; runs side by side in the order of their text, for where they race. */
  get tree(): unknown[] {
    const runs = [...new Set(this.calls.map(({ run }) => run))];
    const callsOf = (run: string): Call[] => this.calls.filter((call) => call.run === run);
    const below = (parent: string): unknown[] => {
      const inside = runs.filter((run) => callsOf(run)[0]?.parent === parent);
      const nodes = inside.map((run) => ({ calls: callsOf(run).map(({ line }) => line), runs: below(run) }));
      return nodes.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    };
    return below("-");
  }

  private start(kind: string, serialized: Serialized, input: unknown, at: string[], about: unknown[]): void {
    const [runName, tags, metadata] = about;
    const id = serialized?.id?.at(-1);
    const name = runName === undefined || runName === id ? id : `${runName} (${id})`;
    this.note(at, `${kind} start ${name} ${JSON.stringify(tags)} ${text(metadata ?? {}, this.ids)}`, input);
  }

  private end(kind: string, output: unknown, at: string[], kwargs?: Kwargs): void {
    this.note(at, `${kind} end`, output, kwargs);
  }

  private fail(kind: string, error: unknown, at: string[], kwargs?: Kwargs): void {
    this.note(at, `${kind} error ${this.sameErrors ? errorText(error) : "of the library"}`, undefined, kwargs);
  }

  private note([runId, parentRunId]: string[], line: string, value: unknown, kwargs?: Kwargs): void {
    const parent = this.ids.of(parentRunId);
    const run = this.ids.of(runId);
    const data = value === undefined ? "" : ` ${text(value, this.ids)}`;
    const inputs = kwargs?.inputs === undefined ? "" : ` of ${text(kwargs.inputs, this.ids)}`;
    this.calls.push({ run, parent, line: `${line}${data}${inputs}` });
  }

  override handleChainStart(...args: any[]): void {
    const [serialized, input, run, parent, tags, metadata, type, name] = args;
    this.start(
      type === undefined ? "chain" : `chain ${type}`,
      serialized,
      input,
      [run, parent],
      [name, tags, metadata],
    );
  }
  override handleChainEnd(output: any, run: string, parent?: string, _tags?: string[], kwargs?: Kwargs): void {
    this.end("chain", output, [run, parent as string], kwargs);
  }
  override handleChainError(error: any, run: string, parent?: string, _tags?: string[], kwargs?: Kwargs): void {
    this.fail("chain", error, [run, parent as string], kwargs);
  }
  override handleLLMStart(...args: any[]): void {
    const [serialized, prompts, run, parent, , tags, metadata, name] = args;
    this.start("llm", serialized, prompts, [run, parent], [name, tags, metadata]);
  }
  override handleChatModelStart(...args: any[]): void {
    const [serialized, messages, run, parent, , tags, metadata, name] = args;
    this.start("chat model", serialized, messages, [run, parent], [name, tags, metadata]);
  }
  override handleLLMNewToken(token: string, _at: any, run: string, parent?: string): void {
    this.note([run, parent as string], "llm token", token);
  }
  override handleLLMEnd(output: any, run: string, parent?: string): void {
    this.end("llm", output.generations, [run, parent as string]);
  }
  override handleLLMError(error: any, run: string, parent?: string): void {
    this.fail("llm", error, [run, parent as string]);
  }
  override handleToolStart(...args: any[]): void {
    const [serialized, input, run, parent, tags, metadata, name] = args;
    this.start("tool", serialized, input, [run, parent], [name, tags, metadata]);
  }
  override handleToolEnd(output: any, run: string, parent?: string): void {
    this.end("tool", output, [run, parent as string]);
  }
  override handleToolError(error: any, run: string, parent?: string): void {
    this.fail("tool", error, [run, parent as string]);
  }
  override handleRetrieverStart(...args: any[]): void {
    const [serialized, query, run, parent, tags, metadata, name] = args;
    this.start("retriever", serialized, query, [run, parent], [name, tags, metadata]);
  }
  override handleRetrieverEnd(output: any, run: string, parent?: string): void {
    this.end("retriever", output, [run, parent as string]);
  }
  override handleRetrieverError(error: any, run: string, parent?: string): void {
    this.fail("retriever", error, [run, parent as string]);
  }
  override handleCustomEvent(name: string, data: any, run: string, tags?: string[], metadata?: any): void {
    this.note(
      [run, undefined as never],
      `custom event ${name} ${JSON.stringify(tags)} ${text(metadata, this.ids)}`,
      data,
    );
  }
}

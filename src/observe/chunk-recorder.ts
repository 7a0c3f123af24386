import { nothing } from "../core/optional-package.ts";
import { type Run, RunRecorder } from "./run-recorder.ts";

/** LangChain's classes for the chunks that its models report as bare text. */
interface ChunkClasses {
  messageChunk(run: Run, token: string): unknown;
  textChunk(text: string): unknown;
}

/** A recorder that shows the chunks of models in LangChain's classes. Where a model runs, LangChain is there. */
export abstract class ChunkRecorder extends RunRecorder {
  /** LangChain's mark of handlers for which models stream. */
  readonly lc_prefer_streaming = true;
  protected classes: ChunkClasses | undefined;

  /** Loads the classes before a model starts, so that its chunks need not wait, and come in order. */
  protected loadClasses({ run_type }: Run): undefined | Promise<void> {
    return run_type !== "llm" || this.classes !== undefined ? undefined : this.load();
  }

  private async load(): Promise<void> {
    const [messages, outputs] = await Promise.all([
      import("@langchain/core/messages").catch(nothing),
      import("@langchain/core/outputs").catch(nothing),
    ]);
    // Without LangChain it is a model of another make: its chunks are shown as it reports them.
    if (messages === undefined || outputs === undefined) return;
    this.classes = {
      messageChunk: (run, token) => new messages.AIMessageChunk({ content: token, id: `run-${run.id}` }),
      textChunk: (text) => new outputs.GenerationChunk({ text }),
    };
  }
}

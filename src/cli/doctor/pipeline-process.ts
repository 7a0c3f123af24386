import { type ChildProcess, fork } from "node:child_process";
import { dirname, join } from "node:path";
import type { Metric } from "../../diagnose/doctor/types.ts";
import { PACKAGE_FILE } from "../paths.ts";
import type { Answer, ProcessRequest, Question } from "./process-messages.ts";

const ENTRY = join(dirname(PACKAGE_FILE), "dist", "cli", "doctor", "process-entry.js");

/** A pipeline in a process of its own, as it stood in its file when that was started. */
export class PipelineProcess implements AsyncDisposable {
  private readonly ended: Promise<string>;

  private constructor(private readonly child: ChildProcess) {
    this.ended = new Promise((resolve) => {
      child.once("error", ({ message }) => resolve(message));
      child.once("exit", (code, signal) => resolve(`it ended with ${signal ?? `exit code ${code}`}`));
    });
  }

  /** @throws Error when the pipeline does not load */
  static async start(request: ProcessRequest): Promise<PipelineProcess> {
    const started = new PipelineProcess(
      fork(ENTRY, { serialization: "advanced", stdio: ["ignore", "ignore", "inherit", "ipc"] }),
    );
    try {
      await started.ask({ ask: "load", request });
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
    return started;
  }

  /** The time of the first call in a fresh process, in milliseconds. */
  static async firstCall(request: ProcessRequest, warm: boolean): Promise<number> {
    const started = await PipelineProcess.start(request);
    try {
      if (warm) await started.ask({ ask: "warm" });
      return (await started.ask({ ask: "call" })) as number;
    } finally {
      await started[Symbol.asyncDispose]();
    }
  }

  outputs(inputs: number): Promise<unknown[]> {
    return this.ask({ ask: "outputs", inputs }) as Promise<unknown[]>;
  }

  measure(metric: Metric, inputs: number): Promise<number> {
    return this.ask({ ask: "measure", metric, inputs }) as Promise<number>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.ended;
  }

  private async ask(question: Question): Promise<unknown> {
    const { child } = this;
    let hear: (answer: Answer) => void;
    const answered = new Promise<Answer>((resolve) => {
      hear = resolve;
      child.once("message", hear);
    });
    child.send(question, () => {
      // That it cannot be sent is told by its end.
    });
    const answer = await Promise.race([answered, this.ended.then((error): Answer => ({ error }))]);
    child.off("message", hear!);
    if ("error" in answer) throw new Error(answer.error);
    return answer.value;
  }
}

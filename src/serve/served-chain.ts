import type { RunnableConfig } from "../core/config.ts";
import { RunlaneError } from "../core/errors/errors.ts";
import type { ValidationError } from "../core/schema/standard-schema.ts";
import { isThenable } from "../core/thenable.ts";
import { TimeHistogram } from "../observe/histogram.ts";
import { newRunId } from "../observe/run-id.ts";
import type { Runnable } from "../runnables/runnable.ts";
import { Admission } from "./admission.ts";
import { invalidBody, Refusal, tooMuchToDo } from "./refusal.ts";
import type { Visit } from "./visit.ts";

/** One chain behind a path: its runnable, the admission of its requests, and the figures of its runs. */
export class ServedChain {
  readonly admission: Admission;
  /** The number of runs since the start; below, those that failed. */
  runs = 0;
  failed = 0;
  /** The times of runs, without their wait. */
  readonly durations = new TimeHistogram();

  constructor(
    readonly name: string,
    /** The path without a slash at the end; `""` for the root. */
    readonly path: string,
    readonly runnable: Runnable,
    private readonly options: {
      readonly maxConcurrency?: number | undefined;
      readonly maxQueueMs?: number | undefined;
      readonly timeout?: number | undefined;
    },
  ) {
    this.admission = new Admission(options);
  }

  /**
   * Does something with the chain when it is its turn, and keeps the place until that is done. What needs no waiting, neither for the
   * turn nor in the chain, is returned at once.
   *
   * @param answer What is done with the output then. @default the output is returned
   * @throws Refusal 503 when it would wait too long.
   */
  during<T, R = T>(
    visit: Visit,
    work: () => T | PromiseLike<T>,
    answer: (out: T) => R = itself as (out: T) => R,
  ): R | Promise<R> {
    const turn = this.admission.enter(visit.client.id, visit.exchange);
    return turn === undefined ? this.run(work, answer) : turn.then(() => this.run(work, answer));
  }

  private run<T, R>(work: () => T | PromiseLike<T>, answer: (out: T) => R): R | Promise<R> {
    const started = performance.now();
    this.runs++;
    let out: T | PromiseLike<T>;
    try {
      out = work();
    } catch (error) {
      this.ended(started, true);
      throw error;
    }
    if (!isThenable(out)) {
      this.ended(started, false);
      return answer(out as T);
    }
    return (out as Promise<T>).then(
      (value) => {
        this.ended(started, false);
        return answer(value);
      },
      (error) => {
        this.ended(started, true);
        throw error;
      },
    );
  }

  private ended(started: number, hasFailed: boolean): void {
    const tookMs = performance.now() - started;
    if (hasFailed) this.failed++;
    this.durations.add(tookMs);
    this.admission.leave(tookMs);
  }

  /** The config of one run. @param sent The accepted part of the client's own config. */
  configFor(
    visit: Visit,
    sent: Partial<RunnableConfig>,
    endpoint: string,
  ): Partial<RunnableConfig> & { runId: string } {
    const { exchange, client } = visit;
    const timeout = this.timeoutFor(visit);
    const config: Partial<RunnableConfig> & { runId: string } = {
      ...sent,
      runId: newRunId(),
      signal: exchange.signal,
      metadata: { ...sent.metadata, endpoint },
    };
    if (client.configurable !== undefined) config.configurable = { ...sent.configurable, ...client.configurable };
    if (timeout !== undefined) config.timeout = timeout;
    return config;
  }

  private timeoutFor({ exchange }: Visit): number | undefined {
    const { timeout } = this.options;
    const asked = exchange.header("x-request-timeout-ms");
    if (asked === undefined) return timeout;
    const ms = Number(asked);
    if (!(ms > 0) || ms > 2 ** 31 - 1) {
      throw new Refusal(
        400,
        `The header X-Request-Timeout-Ms has to be a number of milliseconds above 0; it is ${asked.slice(0, 50)}.`,
      );
    }
    return timeout === undefined ? ms : Math.min(ms, timeout);
  }
}

function itself(out: unknown): unknown {
  return out;
}

/** The answer to a client whose run failed: no more than it needs, and nothing that could be secret. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof RunlaneError) {
    if (error.code === "RUNLANE_VALIDATION_FAILED" && "issues" in error) {
      const { issues, message } = error as ValidationError;
      // An error in an output is the server's fault.
      if (message.startsWith("The input of")) {
        return invalidBody(
          issues.map(({ message: msg, path }) => ({
            type: "value_error",
            loc: ["input", ...path.map((key) => (typeof key === "number" ? key : String(key)))],
            msg,
          })),
        );
      }
    }
    if (error.code === "RUNLANE_QUEUE_FULL") return tooMuchToDo("1");
  }
  if (error instanceof Error && error.name === "TimeoutError") return TOO_SLOW;
  return FAILED;
}

/** One of each does: most of the cost of an error is its stack, which nobody gets to see. */
const TOO_SLOW = new Refusal(504, "The run took longer than it may.");
const FAILED = new Refusal(500, "Internal Server Error");

import type { RunnableConfig } from "../core/config.ts";
import type { ObservedRun, Observer, PipelineObserver, StageObserver } from "../core/observer.ts";
import type { Step } from "../core/step.ts";
import type { RunLog } from "./run-log.ts";
import type { RunView } from "./state.ts";
import { BlameObserver, SILENT_STAGE, Trace, TraceObserver } from "./trace.ts";
import { errorText, valueText } from "./value-text.ts";

/** So many runs are followed in a second at most, on average; the others are counted. A run with ten steps costs some 20 µs. */
const PER_SECOND = 100;
/** So many at once after a pause. */
const BURST = 200;
/** So many at the same time: runs that never end fill no memory. */
const MOST_OPEN = 200;

/** Where runs are followed, and what for. */
export interface TracerOptions {
  /** The name of the chain. */
  readonly chain: string;
  readonly log: RunLog;
  /** The origin of times, on the clock of `performance.now`. */
  readonly sinceMs: number;
  readonly showsValues: boolean;
  /** The index of the first input, where a batch goes on with an earlier one. @default 0 */
  readonly firstIndex?: number | undefined;
}

/** Tells runs from each other. */
let lastId = 0;

/** Counts the runs of a chain, and follows as many of them as cost next to nothing, step by step. */
export class RunTracer implements Observer {
  running = 0;
  done = 0;
  failed = 0;
  private readonly open = new Set<Trace>();
  private tokens = BURST;
  private filledAt = performance.now();

  constructor(readonly options: TracerOptions) {}

  forCall(): CallTracer {
    return new CallTracer(this);
  }

  /** The runs that go on, the oldest first, so many at most. */
  views(most: number): RunView[] {
    return [...this.open].slice(0, most).map((trace) => trace.view());
  }

  /** A run has begun. @returns Its trace, if it is followed. */
  begin(index: number | undefined, input: unknown): Trace | undefined {
    this.running++;
    if (!this.takes()) return undefined;
    const { chain, sinceMs, showsValues, firstIndex = 0 } = this.options;
    const values = showsValues ? { input: valueText(input) } : {};
    const trace = new Trace(
      { id: ++lastId, chain, index: index === undefined ? undefined : firstIndex + index, ...values },
      sinceMs,
      showsValues,
    );
    this.open.add(trace);
    return trace;
  }

  /** A run has ended well. */
  end(trace: Trace | undefined, output: unknown): void {
    this.running--;
    this.done++;
    if (trace === undefined) return;
    this.open.delete(trace);
    this.options.log.add(trace.done(output));
  }

  /** A run has failed. @param step Where, for runs that are not followed. */
  fail(trace: Trace | undefined, error: unknown, index: number | undefined, step?: string): void {
    this.running--;
    this.done++;
    this.failed++;
    if (trace === undefined) {
      this.logFailure(index === undefined ? undefined : (this.options.firstIndex ?? 0) + index, step, error);
      return;
    }
    this.open.delete(trace);
    this.options.log.add(trace.failed(error));
  }

  /** Notes a failure of which no more is known, unless it is noted already. */
  logFailure(index: number | undefined, step: string | undefined, error: unknown): void {
    const { chain, log, sinceMs } = this.options;
    if (index !== undefined && log.hasFailed(chain, index)) return;
    const atMs = Math.round(performance.now() - sinceMs);
    log.add({ id: ++lastId, chain, index, atMs, state: "failed", step, error: errorText(error), spans: [] });
  }

  /** Of a run nothing more will be told. */
  forget(trace: Trace | undefined): void {
    this.running--;
    if (trace !== undefined) this.open.delete(trace);
  }

  /** Whether one more run may be followed. */
  private takes(): boolean {
    if (this.open.size >= MOST_OPEN) return false;
    if (this.tokens < 1) {
      const now = performance.now();
      this.tokens = Math.min(BURST, this.tokens + ((now - this.filledAt) / 1000) * PER_SECOND);
      this.filledAt = now;
      if (this.tokens < 1) return false;
    }
    this.tokens--;
    return true;
  }

  start(step: Step, input: unknown, config: RunnableConfig): ObservedRun {
    return this.forCall().start(step, input, config);
  }

  forInput(index: number): Observer {
    return this.forCall().forInput(index);
  }

  withoutCallbacks(): Observer {
    return this;
  }

  stage(): StageObserver {
    return SILENT_STAGE;
  }
}

/** Follows the runs of one call, which may be a batch. */
export class CallTracer implements Observer {
  /** Inputs on their way through stages, and their traces where they are followed. */
  readonly inputs = new Map<number, Trace | undefined>();
  /** Whether inputs go from stage to stage: their runs begin and end there, and not with a step. */
  isPiped = false;

  /** @param tellsInputs Whether the call says which input is which: then nothing else is a run. @default false */
  constructor(
    readonly tracer: RunTracer,
    private readonly tellsInputs = false,
  ) {}

  start(step: Step, input: unknown, config: RunnableConfig): ObservedRun {
    return this.tellsInputs ? SILENT : startRun(this.tracer, undefined, step, input, config);
  }

  forInput(index: number): Observer {
    return new InputTracer(this, index);
  }

  pipeline(stages: readonly Step[]): PipelineObserver {
    const { tracer, inputs } = this;
    this.isPiped = true;
    const areLanes = stages.map(({ openFeed, stages }) => openFeed !== undefined && stages !== undefined);
    return {
      waits(index, stage) {
        if (stage === 0) inputs.set(index, tracer.begin(index, undefined));
        inputs.get(index)?.waits();
      },
      starts: (index, stage) => inputs.get(index)?.starts(stages[stage]!, areLanes[stage]!),
      ends(index, failure) {
        const trace = inputs.get(index);
        if (!inputs.delete(index)) return;
        if (failure === undefined) tracer.end(trace, undefined);
        else tracer.fail(trace, failure.error, index);
      },
      stops() {
        for (const trace of inputs.values()) tracer.forget(trace);
        inputs.clear();
      },
    };
  }

  stage(): StageObserver {
    return SILENT_STAGE;
  }

  withoutCallbacks(): Observer {
    return this;
  }
}

/** Observes one input of a call. */
class InputTracer implements Observer {
  constructor(
    private readonly call: CallTracer,
    private readonly index: number,
  ) {}

  start(step: Step, input: unknown, config: RunnableConfig): ObservedRun {
    const { call, index } = this;
    if (!call.isPiped) return startRun(call.tracer, index, step, input, config);
    const trace = call.inputs.get(index);
    return trace === undefined ? SILENT : new TraceObserver(trace).start(step, input, config);
  }

  forInput(): Observer {
    return this;
  }

  withoutCallbacks(): Observer {
    return this;
  }

  stage(): StageObserver {
    return SILENT_STAGE;
  }
}

/** The run of a whole chain. */
function startRun(
  tracer: RunTracer,
  index: number | undefined,
  step: Step,
  input: unknown,
  config: RunnableConfig,
): ObservedRun {
  const trace = tracer.begin(index, input);
  const blame = trace === undefined ? new BlameObserver() : undefined;
  const run = blame?.start(step) ?? new TraceObserver(trace!).start(step, input, config);
  return {
    observer: run.observer,
    isBlind: trace?.showsValues !== true,
    end(output) {
      run.end(output);
      tracer.end(trace, output);
      return undefined;
    },
    fail(error) {
      run.fail(error);
      tracer.fail(trace, error, index, blame?.stepOf(error));
      return undefined;
    },
  };
}

/** A run that nobody follows. */
const SILENT: ObservedRun = { observer: null, isBlind: true, end: () => undefined, fail: () => undefined };

import type { RunnableConfig } from "../core/config.ts";
import type { ObservedRun, Observer, StageObserver } from "../core/observer.ts";
import type { Step } from "../core/step.ts";
import type { RunView, SpanView } from "./state.ts";
import { errorText, valueText } from "./value-text.ts";

/** So many steps of one run are kept. */
const MOST_SPANS = 60;

type OpenSpan = { -readonly [Key in keyof SpanView]: SpanView[Key] };

/** One run on its way: what has been seen of it so far. */
export class Trace {
  private readonly spans: OpenSpan[] = [];
  private readonly startedAt = performance.now();
  private blamed: { readonly error: unknown; readonly step: string } | undefined;
  private waitsSince = 0;
  private waitMs = 0;
  private onLane: OpenSpan | undefined;

  constructor(
    private readonly run: Pick<RunView, "id" | "chain" | "index" | "input">,
    /** The origin that the start is counted from. */
    private readonly sinceMs: number,
    readonly showsValues: boolean,
  ) {}

  /** A step begins. Undefined when enough of them are kept. */
  begin(step: Step, depth: number): OpenSpan | undefined {
    if (this.spans.length === MOST_SPANS) return undefined;
    const span = { name: step.label, lane: step.laneName ?? "loop", depth, atMs: rounded(this.nowMs) };
    this.spans.push(span);
    return span;
  }

  end(span: OpenSpan | undefined, output: unknown): void {
    if (span === undefined) return;
    span.ms = rounded(this.nowMs - span.atMs);
    if (this.showsValues) span.output = valueText(output);
  }

  /** A step has failed. The innermost one says so first. */
  fail(span: OpenSpan | undefined, error: unknown, step: string): void {
    this.blame(error, step);
    if (span === undefined) return;
    span.ms = rounded(this.nowMs - span.atMs);
    span.failed = true;
  }

  private blame(error: unknown, step: string): void {
    if (this.blamed === undefined || this.blamed.error !== error) this.blamed = { error, step };
  }

  /** The run waits for a stage. */
  waits(): void {
    this.leaveLane();
    this.waitsSince = this.nowMs;
  }

  /** A stage has taken it: what waits between two steps on the event loop is not told of as waiting. */
  starts(stage: Step, isLane: boolean): void {
    this.waitMs = this.nowMs - this.waitsSince;
    if (!isLane) return;
    this.onLane = this.begin(stage, 0);
    if (this.onLane !== undefined) this.onLane.waitMs = rounded(this.waitMs);
  }

  private leaveLane(failure?: { readonly error: unknown }): void {
    const { onLane } = this;
    this.onLane = undefined;
    if (onLane === undefined) return;
    if (failure === undefined) onLane.ms = rounded(this.nowMs - onLane.atMs);
    else this.fail(onLane, failure.error, onLane.name);
  }

  /** The run as it is now. */
  view(): RunView {
    const { run, spans, startedAt, sinceMs } = this;
    return { ...run, atMs: rounded(startedAt - sinceMs), state: "running", spans: spans.map((span) => ({ ...span })) };
  }

  /** The run, at its end. */
  done(output: unknown): RunView {
    this.leaveLane();
    const values = this.showsValues ? { output: valueText(output) } : {};
    return { ...this.view(), state: "done", ms: rounded(this.nowMs), ...values };
  }

  /** The run, when it has failed. */
  failed(error: unknown): RunView {
    this.leaveLane({ error });
    const step = this.blamed?.step;
    return { ...this.view(), state: "failed", ms: rounded(this.nowMs), step, error: errorText(error) };
  }

  private get nowMs(): number {
    return performance.now() - this.startedAt;
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** Takes nothing: the reports of stages are for statistics. */
export const SILENT_STAGE: StageObserver = { measured: () => {}, blames: () => {}, failed: () => {} };

const nothing = (): undefined => undefined;

/** Observes the steps inside of one run. */
export class TraceObserver implements Observer {
  constructor(
    private readonly trace: Trace,
    private readonly depth = 0,
  ) {}

  start(step: Step, _input: unknown, _config: RunnableConfig): ObservedRun {
    const { trace, depth } = this;
    // What is made of steps is its steps.
    if (step.path !== undefined) return { observer: this, end: nothing, fail: nothing };
    const span = trace.begin(step, depth);
    return {
      observer: new TraceObserver(trace, depth + 1),
      isBlind: !trace.showsValues,
      end(output) {
        trace.end(span, output);
        return undefined;
      },
      fail(error) {
        trace.fail(span, error, step.label);
        return undefined;
      },
    };
  }

  stage(): StageObserver {
    return SILENT_STAGE;
  }

  forInput(): Observer {
    return this;
  }

  withoutCallbacks(): Observer {
    return this;
  }
}

/** Remembers of a run that is not followed only where it failed. */
export class BlameObserver implements Observer {
  private blamed: { readonly error: unknown; readonly step: string } | undefined;

  /** The step that the error came from, if that was seen. */
  stepOf(error: unknown): string | undefined {
    return this.blamed?.error === error ? this.blamed?.step : undefined;
  }

  start(step: Step): ObservedRun {
    return {
      observer: this,
      isBlind: true,
      end: nothing,
      fail: (error) => {
        if (this.blamed?.error !== error) this.blamed = { error, step: step.label };
        return undefined;
      },
    };
  }

  stage(): StageObserver {
    return SILENT_STAGE;
  }

  forInput(): Observer {
    return this;
  }

  withoutCallbacks(): Observer {
    return this;
  }
}

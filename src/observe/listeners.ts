import type { RunnableConfig } from "../core/config.ts";
import { type Run, RunRecorder } from "./run-recorder.ts";

/** The functions that are told of the runs of one runnable. Each is waited for. */
export interface RunListeners {
  /** Called before a run starts. */
  onStart?: ((run: Run, config?: RunnableConfig) => unknown) | undefined;
  /** Called when a run has given its output. */
  onEnd?: ((run: Run, config?: RunnableConfig) => unknown) | undefined;
  /** Called when a run has failed; the error is `run.error`. */
  onError?: ((run: Run, config?: RunnableConfig) => unknown) | undefined;
}

/** Tells listeners of the first run that it hears of, and of none inside that. */
export class RootListener extends RunRecorder {
  readonly name = "RootListenersTracer";
  private rootId: string | undefined;

  constructor(
    private readonly listeners: RunListeners,
    private readonly config: RunnableConfig,
  ) {
    super();
  }

  protected override onStart(run: Run): unknown {
    if (this.rootId !== undefined) return undefined;
    this.rootId = run.id;
    return this.listeners.onStart?.(run, this.config);
  }

  protected override onEnd(run: Run): unknown {
    if (run.id !== this.rootId) return undefined;
    return run.error === undefined
      ? this.listeners.onEnd?.(run, this.config)
      : this.listeners.onError?.(run, this.config);
  }
}

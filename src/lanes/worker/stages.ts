import { packError } from "./codec.ts";
import type { WorkerPort } from "./port.ts";

/** What a function gets besides its input. */
export interface StepCall {
  /** Aborts when the call is cancelled or its time is up; only calls that can be cancelled have one. */
  readonly signal: AbortSignal | undefined;
  readonly config: unknown;
}

/** A stage, ready to run in this worker. */
export interface WorkerStep {
  run(input: unknown, call: StepCall): unknown;
  stream(input: unknown, call: StepCall): AsyncIterable<unknown> | Iterable<unknown> | PromiseLike<unknown>;
}

/** Makes a stage out of the plain data that describes it. */
export type Revive = (shipped: unknown) => Promise<WorkerStep>;

/** The stages that this worker has been told of. */
export class WorkerStages {
  private readonly stages = new Map<number, WorkerStep | Promise<WorkerStep>>();
  private readonly labels = new Map<number, string>();

  constructor(
    private readonly port: WorkerPort,
    private readonly revive: Revive,
  ) {}

  load(id: number, label: string, shipped: unknown): void {
    this.labels.set(id, `the step ${JSON.stringify(label)}`);
    this.port.send({ type: "loading", stage: id });
    const loading = this.revive(shipped);
    this.stages.set(id, loading);
    loading.then(
      (step) => {
        if (this.stages.get(id) === loading) this.stages.set(id, step);
        this.port.send({ type: "loaded", stage: id });
      },
      (error) => this.port.send({ type: "unloadable", stage: id, error: packError(error) }),
    );
  }

  /** The stage; a promise of it while it is being loaded. */
  get(id: number): WorkerStep | Promise<WorkerStep> {
    return this.stages.get(id) ?? Promise.reject(new Error(`Stage ${id} is unknown here.`));
  }

  /** What errors about the data of a stage call it. */
  where(id: number): string {
    return this.labels.get(id) ?? "a step";
  }

  forget(id: number): void {
    this.stages.delete(id);
    this.labels.delete(id);
  }
}

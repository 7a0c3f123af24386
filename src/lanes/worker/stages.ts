import { packingWithHints } from "../../shipping/data/foreign-hint.ts";
import type { Revive, StageStep } from "../stage/stage-step.ts";
import { type OutputPacking, packError } from "./codec.ts";
import type { WorkerPort } from "./port.ts";

/** The stages that this worker has been told of. */
export class WorkerStages {
  private readonly stages = new Map<number, StageStep | Promise<StageStep>>();
  /** The number of resources of each stage that the parent has been told of. */
  private readonly resourcesTold = new Map<number, number>();
  private readonly packings = new Map<number, OutputPacking>();
  /** The number of loads that are going on. */
  private loads = 0;

  constructor(
    private readonly port: WorkerPort,
    private readonly revive: Revive,
    private readonly onLoaded: () => void,
    private readonly onIdle: () => void,
  ) {}

  /** Whether nothing is being loaded. */
  get isIdle(): boolean {
    return this.loads === 0;
  }

  load(id: number, label: string, shipped: unknown): void {
    this.packings.set(id, {
      where: `the step ${JSON.stringify(label)}`,
      options: packingWithHints(this.port.sharesMemory, "output", (text) =>
        this.port.send({ type: "hint", text, stage: id }),
      ),
    });
    this.port.send({ type: "loading", stage: id });
    const loading = this.revive(shipped);
    this.during(loading);
    this.stages.set(id, loading);
    loading.then(
      (step) => {
        if (this.stages.get(id) === loading) this.stages.set(id, step);
        this.onLoaded();
        this.tellLoaded(id, step);
      },
      (error) => this.port.send({ type: "unloadable", stage: id, error: packError(error) }),
    );
  }

  /** Tells the parent of new resources of stages, when one has changed: a module that was imported later may have declared it. */
  tellUses(): void {
    for (const [id, step] of this.stages)
      if (!(step instanceof Promise) && (step.resources?.length ?? 0) > (this.resourcesTold.get(id) ?? 0))
        this.tellLoaded(id, step);
  }

  private tellLoaded(id: number, { resources = [] }: StageStep): void {
    this.resourcesTold.set(id, resources.length);
    this.port.send({ type: "loaded", stage: id, resources });
  }

  /** Loads all resources of a stage, and tells the parent. */
  async warm(id: number): Promise<void> {
    try {
      const warming = Promise.resolve(this.known(id)).then((step) => step.warm?.());
      this.during(warming);
      await warming;
      this.onLoaded();
      this.port.send({ type: "warmed", stage: id });
    } catch (error) {
      this.port.send({ type: "warmed", stage: id, error: packError(error) });
    }
  }

  private during(load: Promise<unknown>): void {
    this.loads++;
    const end = (): void => {
      if (--this.loads === 0) this.onIdle();
    };
    load.then(end, end);
  }

  /** The stage, or a promise while it or a resource that every input needs is being loaded: that time is no input's. */
  get(id: number): StageStep | Promise<StageStep> {
    const step = this.known(id);
    return step instanceof Promise ? step.then(prepared) : prepared(step);
  }

  private known(id: number): StageStep | Promise<StageStep> {
    return this.stages.get(id) ?? Promise.reject(new Error(`Stage ${id} is unknown here.`));
  }

  /** The options for packing the outputs of a stage. */
  packing(id: number): OutputPacking {
    return this.packings.get(id) ?? { where: "a step", options: { shared: this.port.sharesMemory, root: "output" } };
  }

  forget(id: number): void {
    this.stages.delete(id);
    this.packings.delete(id);
    this.resourcesTold.delete(id);
  }
}

function prepared(step: StageStep): StageStep | Promise<StageStep> {
  return (
    step.prepare?.()?.then(
      () => step,
      (error) => failing(step, error),
    ) ?? step
  );
}

/** A stand-in for a stage that fails the inputs which waited for a load that failed. */
function failing(step: StageStep, error: unknown): StageStep {
  const fail = (): never => {
    throw error;
  };
  return { ...step, run: fail, stream: fail };
}

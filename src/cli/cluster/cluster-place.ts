import { pathToFileURL } from "node:url";
import type { Broker } from "../../cluster/broker.ts";
import { ClusterLane } from "../../cluster/lane/cluster-lane.ts";
import { brokerUrl } from "../../cluster/open-broker.ts";
import { pipelineName, pipelineQueue } from "../../cluster/pipeline/pipeline-queue.ts";
import type { LaneStage } from "../../lanes/lane.ts";
import { RunnableLambda } from "../../runnables/kinds/lambda.ts";
import { RunnableOnLane } from "../../runnables/kinds/on-lane.ts";
import type { Runnable } from "../../runnables/runnable.ts";
import { markModule, moduleRef } from "../../shipping/functions/module-ref.ts";
import { absolutePath, displayName } from "../paths.ts";
import { asStartError, shownUrl, tellTrouble } from "./broker-of.ts";

export interface ClusterPlaceOptions {
  readonly path: string;
  readonly exportName: string;
  /** The broker, as the command line has it. */
  readonly broker: string | undefined;
  /** Whether an earlier run is gone on with. */
  readonly isResumed: boolean;
}

/** Where a pipeline runs that is on a cluster: its queue, its broker, and the lane that stands for both in plans. */
export class ClusterPlace {
  readonly pipeline: string;
  readonly queue: string;
  readonly exportName: string;
  readonly isResumed: boolean;
  readonly lane: ClusterLane;
  readonly runnable: Runnable<unknown, unknown>;
  readonly stage: LaneStage;
  readonly shownUrl: string;
  /** Called when the broker is back after it was out of reach. */
  onBack: (() => void) | undefined;
  private opened: Broker | undefined;

  constructor(pipeline: Runnable<unknown, unknown>, { path, exportName, broker, isResumed }: ClusterPlaceOptions) {
    const file = absolutePath(path);
    const url = brokerUrl(broker);
    this.pipeline = pipelineName(file);
    this.queue = pipelineQueue(file);
    this.exportName = exportName;
    this.isResumed = isResumed;
    this.shownUrl = shownUrl(url);
    this.lane = new ClusterLane(url, {
      onTrouble: (reason) => {
        tellTrouble(reason);
        if (reason === undefined) this.onBack?.();
      },
    });
    // Never called: workers import the module.
    const ref = moduleRef(pathToFileURL(file), exportName, displayName(file));
    const func = markModule((input: unknown) => pipeline.invoke(input), ref);
    const onLane = new RunnableOnLane({ bound: new RunnableLambda({ func, name: pipeline.label }), lane: this.lane });
    this.runnable = onLane;
    this.stage = onLane.offloaded!.stage;
  }

  /** Once it is open. */
  get broker(): Broker {
    return this.opened!;
  }

  /** @throws CliError RUNLANE_CLI_START */
  async open(): Promise<void> {
    try {
      this.opened = await this.lane.broker();
    } catch (error) {
      throw asStartError(error);
    }
  }

  async close(): Promise<void> {
    await this.lane.close({ force: true });
  }
}

import { builtinModule } from "../../core/platform.ts";
import { warnOf } from "../../core/warn.ts";
import type { ToWorker } from "../protocol/messages.ts";
import type { StageStep } from "../stage/stage-step.ts";
import { ChunkRunner } from "./chunk-runner.ts";
import { BusyClock } from "./clock.ts";
import { unpackReason } from "./codec.ts";
import { endAfter, workerHooks } from "./hooks.ts";
import type { WorkerPort } from "./port.ts";
import { spinWait } from "./spin-wait.ts";
import { WorkerStages } from "./stages.ts";
import { StreamRunner } from "./stream-runner.ts";

/** Handles the messages of the parent until the one that says stop. */
export function serve(port: WorkerPort, revive: (shipped: unknown, port: WorkerPort) => Promise<StageStep>): void {
  const clock = new BusyClock();
  const stages = new WorkerStages(
    port,
    (shipped) => revive(shipped, port),
    // The time of loads beforehand is not the next input's.
    () => chunks.isIdle && clock.take(),
    () => tellBusy(),
  );
  const tellBusy = (): void => port.tellBusy?.(!chunks.isIdle || !streams.isIdle || !stages.isIdle);
  const chunks = new ChunkRunner(port, stages, clock, tellBusy);
  const streams = new StreamRunner(port, stages, tellBusy);
  const spinForMessage = spinWait(port, clock, () => chunks.isIdle && streams.isIdle);
  workerHooks.resourceChanged = () => stages.tellUses();
  port.listen((message: ToWorker) => {
    if (chunks.isIdle && streams.isIdle) clock.wake();
    port.tellBusy?.(true);
    handle(message);
    tellBusy();
  });
  function handle(message: ToWorker): void {
    switch (message.type) {
      case "run":
        chunks.accept(message);
        spinForMessage();
        break;
      case "stage":
        stages.load(message.stage, message.label, message.shipped);
        break;
      case "forget":
        stages.forget(message.stage);
        break;
      case "cancel":
        chunks.cancel(message.chunk, message.index, unpackReason(message.reason));
        break;
      case "open":
        streams.open(message);
        break;
      case "credit":
        streams.grant(message.stream, message.count);
        break;
      case "leave":
        streams.leave(message.stream, unpackReason(message.reason));
        break;
      case "warm":
        stages.warm(message.stage);
        break;
      case "renew":
        // The old version serves on.
        workerHooks.renew?.(message.shipped).catch(warnOf);
        break;
      case "stop":
        endAfter(message.withinMs, () => port.exit());
    }
  }
  port.send({ type: "ready" });
  // From Node 22.8 on, what one worker has compiled is kept for the next ones: the first step is ready after 7 ms instead of 12.
  (builtinModule("node:module") as { enableCompileCache?: () => unknown } | undefined)?.enableCompileCache?.();
}

import type { ToWorker } from "../messages.ts";
import { ChunkRunner } from "./chunk-runner.ts";
import { BusyClock } from "./clock.ts";
import { unpackReason } from "./codec.ts";
import type { WorkerPort } from "./port.ts";
import { type Revive, WorkerStages } from "./stages.ts";
import { StreamRunner } from "./stream-runner.ts";

/** Does what the parent says, until it says stop. */
export function serve(port: WorkerPort, revive: Revive): void {
  const stages = new WorkerStages(port, revive);
  const chunks = new ChunkRunner(port, stages, new BusyClock());
  const streams = new StreamRunner(port, stages);
  port.listen((message: ToWorker) => {
    switch (message.type) {
      case "stage":
        return stages.load(message.stage, message.label, message.shipped);
      case "forget":
        return stages.forget(message.stage);
      case "run":
        return chunks.accept(message);
      case "cancel":
        return chunks.cancel(message.chunk, message.index, unpackReason(message.reason));
      case "open":
        return streams.open(message);
      case "credit":
        return streams.grant(message.stream, message.count);
      case "leave":
        return streams.leave(message.stream, unpackReason(message.reason));
      case "stop":
        return port.exit();
    }
  });
  port.send({ type: "ready" });
}

import { listenToResources } from "../../resources/changes.ts";
import { workerOf } from "../../resources/load.ts";
import { disposeResources } from "../../resources/loaded.ts";
import { packError } from "../../shipping/data/pack.ts";
import { reviveVersion } from "../../shipping/tree/revive.ts";
import { stayOnLoop } from "../named-lanes.ts";
import { workerHooks } from "./hooks.ts";
import type { WorkerPort } from "./port.ts";

// A module that a worker imports may give its steps lanes. They are where they wanted to be.
stayOnLoop();

workerHooks.stopping = disposeResources;
workerHooks.renew = reviveVersion;

/** Tells the parent of each change in the resources of this worker. */
export function reportResources(port: WorkerPort): void {
  workerOf.lane = port.sharesMemory ? "thread" : "process";
  listenToResources({
    changed({ isGiven, status, live, declaration: { timeoutMs } }) {
      // Resources that all threads share were loaded by the parent.
      if (isGiven) return;
      workerHooks.resourceChanged?.();
      const error = status.error && packError(status.error);
      port.send({ type: "resource", status: { ...status, error }, isDisposable: live?.isCounted === true, timeoutMs });
    },
    hinted: (text) => port.send({ type: "hint", text }),
  });
}

export { treeStage } from "../../runnables/lane/tree-stage.ts";

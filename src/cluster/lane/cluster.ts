import type { Lane } from "../../lanes/lane.ts";
import { ClusterLane, type ClusterOptions } from "./cluster-lane.ts";

/**
 * A lane on other machines: inputs go through a broker to whoever runs `runlane worker` with the module of the step. Chunks that were in the
 * hands of a worker that is lost run elsewhere after ten seconds.
 *
 * Code does not travel. The step has to be an export of a module, by `RunnableLambda.fromModule`, and workers are given the same module in the
 * same state: the queue has a digest of it in its name. Inputs, outputs and errors travel as bytes, as to a child process.
 *
 * @param url The broker: `redis://host:6379`, `postgres://user:password@host/database`, or `embedded:` for a PostgreSQL that is started in the
 *   folder of the project. Nothing is opened before the first call.
 * @throws RUNLANE_NO_CLUSTER_STEP from `withLane`; calls throw RUNLANE_BROKER when the broker cannot be used
 * @example
 * <!-- no-run: needs a broker and a worker -->
 * ```ts
 * import { RunnableLambda } from "runlane";
 * import { cluster } from "runlane/cluster";
 *
 * const lane = cluster("redis://localhost:6379");
 * const classify = RunnableLambda.fromModule(new URL("./classify.js", import.meta.url), "classify").withLane(lane);
 * await classify.batch(["good", "bad"]);
 * await lane.close();
 * ```
 */
export function cluster(url: string, options: ClusterOptions = {}): Lane {
  return new ClusterLane(url, options);
}

import type { Broker, RunState } from "../../cluster/broker.ts";
import { queueHints } from "../../cluster/hints.ts";
import { aligned } from "../../plan/text-table.ts";
import { CliError, EXIT } from "../cli-error.ts";
import { brokerOf } from "./broker-of.ts";

/** Lists runs and workers. @returns The exit code. */
export async function listRuns(url: string | undefined, json: boolean): Promise<number> {
  const broker = await brokerOf(url);
  try {
    const state = await broker.state();
    const queues = queueHints(state);
    if (json) {
      process.stdout.write(`${JSON.stringify({ ...state, queues }, null, 2)}\n`);
      return EXIT.done;
    }
    const runs = state.runs.map(({ id, about, startedAt, isCancelled, outstanding, finished }) => [
      id,
      about.pipeline,
      startedAt,
      isCancelled ? "cancelled" : String(outstanding),
      String(finished),
      about.output ?? "",
    ]);
    const rows = queues.map(({ queue, waiting, running, workers, expectedSeconds }) => [
      queue,
      String(waiting),
      String(running),
      String(workers),
      expectedSeconds === null ? "?" : `${expectedSeconds} s`,
    ]);
    print(["run", "pipeline", "started", "chunks left", "to collect", "output"], runs, "no runs");
    print(["queue", "waiting", "running", "workers", "expected"], rows, "no workers");
    return EXIT.done;
  } finally {
    await broker.close();
  }
}

/** Cancels a run. @throws CliError when there is none of that name */
export async function cancelRun(id: string, url: string | undefined): Promise<number> {
  const broker = await brokerOf(url);
  try {
    const run = await findRun(broker, id);
    await broker.cancel(run);
    // Whoever waits for it has been told; what it has done already is there for --resume.
    process.stderr.write(`runlane: cancelled ${id}: ${run.outstanding} chunks\n`);
    return EXIT.done;
  } finally {
    await broker.close();
  }
}

/** @throws CliError RUNLANE_CLI_USAGE */
export async function findRun(broker: Broker, id: string): Promise<RunState> {
  const { runs } = await broker.state();
  const found = runs.find((run) => run.id === id);
  if (found !== undefined) return found;
  const known = runs.length === 0 ? "it has none" : `it has ${runs.map((run) => run.id).join(", ")}`;
  throw new CliError("RUNLANE_CLI_USAGE", `${broker.name} has no run ${id}; ${known}`);
}

function print(header: readonly string[], rows: readonly (readonly string[])[], nothing: string): void {
  const lines = rows.length === 0 ? [nothing] : aligned([header, ...rows]);
  process.stdout.write(`${lines.join("\n")}\n`);
}

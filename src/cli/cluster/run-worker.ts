import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Broker, Serving } from "../../cluster/broker.ts";
import { brokerUrl } from "../../cluster/open-broker.ts";
import { pipelineName, pipelineQueue } from "../../cluster/pipeline/pipeline-queue.ts";
import { ChunkWorker, type ChunkWorkerOptions } from "../../cluster/worker/chunk-worker.ts";
import type { Lane } from "../../lanes/lane.ts";
import { stayOnLoop } from "../../lanes/named-lanes.ts";
import { RunnableLambda } from "../../runnables/kinds/lambda.ts";
import type { Runnable } from "../../runnables/runnable.ts";
import { moduleRef } from "../../shipping/functions/module-ref.ts";
import { CliError, EXIT } from "../cli-error.ts";
import { absolutePath, displayName, PACKAGE_FILE } from "../paths.ts";
import { loadPipeline, pipelineFile, stepNames } from "../pipeline/load-pipeline.ts";
import { newPool, placePipeline } from "../pipeline/place-pipeline.ts";
import { warmUp } from "../run/warm-up.ts";
import type { WorkerOptions } from "../worker.ts";
import { brokerWhenThere } from "./broker-of.ts";
import { serveMetrics } from "./metrics-server.ts";

/** What the threads of a worker run, as it was built. */
const CHUNK_THREAD = join(dirname(PACKAGE_FILE), "dist", "cluster", "worker", "chunk-thread.js");
/** What reads files for them, as it was built. */
const READER = join(dirname(PACKAGE_FILE), "dist", "cli", "cluster", "reference-reader.js");
/** The time between two looks for queues that nobody works on, in milliseconds. */
const LOOK_EVERY_MS = 10_000;

/**
 * Runs `runlane worker`, until it is told to stop.
 *
 * @returns The exit code.
 * @throws CliError when a pipeline does not load or the broker cannot be used.
 */
export async function runWorker(options: WorkerOptions): Promise<number> {
  const { pipelines, lane, warm, concurrency = availableParallelism() + 1 } = options;
  const reader = { ref: moduleRef(pathToFileURL(READER), "readReferences"), roots: (options.root ?? []).map(rootOf) };
  if (lane === "loop") stayOnLoop();
  // Limits that machines share are with the same broker.
  process.env.RUNLANE_BROKER = brokerUrl(options.broker);
  // Before they are loaded: they may change their own modules.
  const queues = new Map(pipelines.map((path) => [path, pipelineQueue(pipelineFile(path))]));
  const stores = pipelines.map((path) => new Runnables(path, lane));
  for (const [at, store] of stores.entries()) {
    const names = await stepNames(pipelines[at]!);
    // Without any, the error says what there should be.
    for (const name of names.length === 0 ? ["default"] : names) {
      // A module of many steps may have functions that are none.
      if (name !== "default" && !warm) continue;
      const runnable = await store.runnableOf(name, false);
      if (warm) await warmUp(runnable, { signal: new AbortController().signal, stderr: process.stderr, quiet: false });
    }
  }
  const stop = stopSignal();
  const broker = await brokerWhenThere(options.broker, stop);
  if (broker === undefined) return EXIT.done;
  const servings: Serving[] = [];
  for (const [at, path] of pipelines.entries()) {
    const queue = queues.get(path)!;
    const name = pipelineName(absolutePath(path));
    const { runnableOf, whole } = stores[at]!;
    const worker = new ChunkWorker({ name, runnableOf, whole, reader });
    servings.push(await broker.serve(queue, worker.work, { concurrency, chunkMs: () => worker.chunkMs }));
    process.stdout.write(`working on ${displayName(absolutePath(path))} (${queue}), from ${broker.name}\n`);
  }
  const metrics =
    options.metricsPort === undefined
      ? undefined
      : await serveMetrics(broker, [...queues.values()], options.metricsPort);
  const told = new Set<string>();
  const looking = setInterval(() => void tellOrphans(broker, told).catch(() => {}), LOOK_EVERY_MS);
  if (!stop.aborted) await new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
  clearInterval(looking);
  metrics?.close();
  const running = servings.reduce((sum, serving) => sum + serving.running, 0);
  if (running > 0) process.stderr.write(`runlane: finishing the ${running} chunks in hand; once more quits at once\n`);
  await Promise.all(servings.map((serving) => serving.stop()));
  await broker.close();
  return EXIT.done;
}

/** A folder whose files may be read. @throws CliError RUNLANE_CLI_USAGE */
function rootOf(path: string): string {
  const folder = absolutePath(path);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return folder;
  throw new CliError("RUNLANE_CLI_USAGE", `--root ${path} is no folder`);
}

/** The runnables that a module exports, each in its place. */
class Runnables {
  private readonly found = new Map<string, Promise<Runnable>>();
  /** See {@link ChunkWorkerOptions.whole}. */
  readonly whole: ChunkWorkerOptions["whole"];
  /** The threads or child processes of all exports; undefined where they run on the loop. */
  private readonly pool: Lane | undefined;

  constructor(
    private readonly path: string,
    private readonly lane: WorkerOptions["lane"],
  ) {
    if (lane !== "thread" && lane !== "process") return;
    this.pool = newPool(lane);
    const chunks = RunnableLambda.fromModule<typeof import("../../cluster/worker/chunk-thread.ts"), "chunk">(
      pathToFileURL(CHUNK_THREAD),
      "chunk",
    ).withLane(this.pool);
    const module = pathToFileURL(pipelineFile(path));
    this.whole = (exportName, run, signal) => chunks.invoke({ ...run, ref: moduleRef(module, exportName) }, { signal });
  }

  /** @param isSuspect Whether the runnable gets a process of its own, whose end costs nobody else anything. */
  readonly runnableOf = (exportName: string, isSuspect: boolean): Promise<Runnable> => {
    const key = `${isSuspect}/${exportName}`;
    let found = this.found.get(key);
    if (found === undefined) {
      found = this.load(exportName, isSuspect);
      this.found.set(key, found);
      // The next chunk tries again.
      found.catch(() => this.found.delete(key));
    }
    return found;
  };

  private async load(exportName: string, isSuspect: boolean): Promise<Runnable> {
    const { path, lane, pool } = this;
    const loaded = await loadPipeline(path, exportName);
    if (isSuspect) return await placePipeline(loaded, { path, exportName, lane: "process", atMost: 1 });
    return await placePipeline(loaded, { path, exportName, lane, pool });
  }
}

/** Prints, once for each, the queues that have work and no worker: those of other states of a pipeline, most often. */
async function tellOrphans(broker: Broker, told: Set<string>): Promise<void> {
  const { runs, workers } = await broker.state();
  const served = new Set(workers.map(({ queue }) => queue));
  for (const { id, queue, outstanding, isCancelled } of runs) {
    if (outstanding === 0 || isCancelled || served.has(queue) || told.has(queue)) continue;
    told.add(queue);
    process.stderr.write(
      `runlane: the run ${id} waits in ${queue}, which no worker serves; start one with the files that it was submitted with\n`,
    );
  }
}

/** Aborts with the first signal of the system. A second one ends the process at once. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(signal === "SIGINT" ? EXIT.interrupted : EXIT.terminated);
      stop.abort();
    });
  }
  return stop.signal;
}

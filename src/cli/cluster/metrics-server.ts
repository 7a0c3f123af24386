import { createServer, type Server } from "node:http";
import type { Broker } from "../../cluster/broker.ts";
import { type QueueHint, queueHints } from "../../cluster/hints.ts";
import { CliError, messageOf } from "../cli-error.ts";

/** So long an answer of the broker is good enough for the next who asks. */
const FRESH_MS = 2000;

/**
 * Serves what autoscalers and Prometheus want to know of the queues of a worker, at `/hints` and `/metrics`.
 *
 * @throws CliError RUNLANE_CLI_START when the port cannot be had
 */
export async function serveMetrics(broker: Broker, queues: readonly string[], port: number): Promise<Server> {
  const look = remembered(FRESH_MS, async () =>
    queueHints(await broker.state()).filter(({ queue }) => queues.includes(queue)),
  );
  const server = createServer((request, response) => {
    const answer = async (): Promise<[type: string, body: string] | undefined> => {
      if (request.url === "/hints") return ["application/json", JSON.stringify(hintsOf(await look()))];
      if (request.url === "/metrics") return ["text/plain; version=0.0.4; charset=utf-8", metricsOf(await look())];
      return undefined;
    };
    answer().then(
      (found) => {
        if (found === undefined) response.writeHead(404).end();
        else response.writeHead(200, { "content-type": found[0] }).end(found[1]);
      },
      () => response.writeHead(503).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) =>
      reject(new CliError("RUNLANE_CLI_START", `cannot serve metrics on port ${port}: ${messageOf(error)}`)),
    );
    server.listen(port, resolve);
  });
  return server;
}

/** The hints of all queues together, and how many workers as this one they would keep busy. */
export function hintsOf(queues: readonly QueueHint[]): object {
  const sum = (key: "waiting" | "running" | "workers" | "slots"): number =>
    queues.reduce((total, hint) => total + hint[key], 0);
  const [waiting, running, workers, slots] = [sum("waiting"), sum("running"), sum("workers"), sum("slots")];
  const perWorker = workers === 0 ? 1 : slots / workers;
  return { waiting, running, workers, workersNeeded: Math.ceil((waiting + running) / perWorker), queues };
}

/** The hints in the text format of Prometheus. */
export function metricsOf(queues: readonly QueueHint[]): string {
  const metrics = [
    ["runlane_cluster_chunks_waiting", "Chunks that nobody runs yet.", "waiting"],
    ["runlane_cluster_chunks_running", "Chunks that are being run.", "running"],
    ["runlane_cluster_workers", "Workers of the queue.", "workers"],
    ["runlane_cluster_slots", "Chunks that the workers run at a time.", "slots"],
    ["runlane_cluster_expected_seconds", "How long the workers need for what is there.", "expectedSeconds"],
  ] as const;
  const lines = metrics.flatMap(([name, help, key]) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    ...queues.flatMap((hint) => (hint[key] === null ? [] : `${name}{queue="${hint.queue}"} ${hint[key]}`)),
  ]);
  return `${lines.join("\n")}\n`;
}

/** Does something again only after a while. */
function remembered<T>(ms: number, make: () => Promise<T>): () => Promise<T> {
  let last: { readonly at: number; readonly value: Promise<T> } | undefined;
  return () => {
    if (last === undefined || performance.now() - last.at > ms) {
      last = { at: performance.now(), value: make() };
      last.value.catch(() => {
        last = undefined;
      });
    }
    return last.value;
  };
}

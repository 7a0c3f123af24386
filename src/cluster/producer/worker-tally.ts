import type { ChunkReport } from "../wire/outcome-body.ts";

/** The share of one process in a run. */
interface WorkerShare {
  readonly host: string;
  readonly pid: number;
  readonly inputs: number;
}

/** Counts the inputs of a run by worker. */
export class WorkerTally {
  private readonly byWorker = new Map<string, WorkerShare>();
  private again = 0;
  private twice = 0;
  private speculated = 0;

  /** Some inputs have their outcome. @param isNew Whether it is the first one. */
  add({ host, pid, earlierAttempts }: ChunkReport, inputs: number, isNew: boolean): void {
    const key = `${host}/${pid}`;
    this.byWorker.set(key, { host, pid, inputs: inputs + (this.byWorker.get(key)?.inputs ?? 0) });
    if (earlierAttempts > 0) this.again += inputs;
    if (!isNew) this.twice += inputs;
  }

  /** Some inputs were sent a second time, because they took long. */
  sentAgain(inputs: number): void {
    this.speculated += inputs;
  }

  /** The number of inputs that a worker has run. */
  inputsOf(host: string, pid: number): number {
    return this.byWorker.get(`${host}/${pid}`)?.inputs ?? 0;
  }

  /** Sentences about it. @param workers Those that are there, whether they have run anything or not. */
  lines(workers: readonly Pick<WorkerShare, "host" | "pid">[]): string[] {
    const all = new Map(workers.map(({ host, pid }) => [`${host}/${pid}`, { host, pid, inputs: 0 }]));
    for (const [key, share] of this.byWorker) all.set(key, share);
    if (all.size === 0) return [];
    const count = (inputs: number): string => `${inputs.toLocaleString("en-US")} inputs`;
    const hosts = new Map<string, string[]>();
    for (const { host, pid, inputs } of all.values())
      hosts.set(host, [...(hosts.get(host) ?? []), `process ${pid} ${count(inputs)}`]);
    const lines = [`workers: ${[...hosts].map(([host, each]) => `${host} (${each.join(", ")})`).join("; ")}`];
    if (this.again > 0) lines.push(`${count(this.again)} were with a worker that was lost, and ran again elsewhere`);
    if (this.speculated > 0) lines.push(`${count(this.speculated)} took long, and were sent to a second worker`);
    if (this.twice > 0) lines.push(`${count(this.twice)} were run twice, and have one record all the same`);
    return lines;
  }
}

import type { ChunkReport } from "../wire/outcome-body.ts";

/** Counts the inputs of a run by worker. */
export class WorkerTally {
  /** For each host, the inputs that each of its processes has run. */
  private readonly hosts = new Map<string, Map<number, number>>();
  private again = 0;
  private twice = 0;

  /** Some inputs have their outcome. @param isNew Whether it is the first one. */
  add({ host, pid, earlierAttempts }: ChunkReport, inputs: number, isNew: boolean): void {
    const processes = this.hosts.get(host) ?? new Map<number, number>();
    this.hosts.set(host, processes);
    processes.set(pid, (processes.get(pid) ?? 0) + inputs);
    if (earlierAttempts > 0) this.again += inputs;
    if (!isNew) this.twice += inputs;
  }

  /** Sentences about it. */
  lines(): string[] {
    if (this.hosts.size === 0) return [];
    const count = (inputs: number): string => `${inputs.toLocaleString("en-US")} inputs`;
    const hosts = [...this.hosts].map(([host, processes]) => {
      const each = [...processes].map(([pid, inputs]) => `process ${pid} ${count(inputs)}`);
      return `${host} (${each.join(", ")})`;
    });
    const lines = [`workers: ${hosts.join("; ")}`];
    if (this.again > 0) lines.push(`${count(this.again)} were with a worker that was lost, and ran again elsewhere`);
    if (this.twice > 0) lines.push(`${count(this.twice)} were run twice, and have one record all the same`);
    return lines;
  }
}

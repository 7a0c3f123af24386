import type { RunChannel } from "../../cluster/producer/run-channel.ts";
import type { RecordWriter } from "../output/record-writer.ts";

/** The time between two settlements, in milliseconds: records are written for good, and their chunks forgotten. */
const SETTLE_MS = 250;

/** Writes records for good before the broker forgets what they were made of. */
export class Settler {
  private ids: string[] = [];
  private last = performance.now();

  constructor(
    private readonly channel: RunChannel,
    private readonly writer: RecordWriter,
  ) {}

  add(ids: readonly string[]): void {
    this.ids.push(...ids);
  }

  async settleSometimes(): Promise<void> {
    if (performance.now() - this.last > SETTLE_MS) await this.settle();
  }

  async settle(): Promise<void> {
    this.last = performance.now();
    const ids = this.ids.splice(0);
    if (ids.length === 0) return;
    await this.writer.flush();
    await this.writer.sync();
    await this.channel.settle(ids);
  }
}

import { afterTurn } from "../../core/platform.ts";
import type { ToWorker } from "../protocol/messages.ts";
import { now } from "./clock.ts";
import { type OutputPacking, packError, packOutput, unpackInput } from "./codec.ts";
import type { WorkerPort } from "./port.ts";
import type { WorkerStages } from "./stages.ts";
import { hasUnprinted, whenPrinted } from "./stdio.ts";
import { WatchedCall } from "./watched-call.ts";

type OpenMessage = Extract<ToWorker, { type: "open" }>;

/** The time in milliseconds after which waiting chunks are sent, although the generator goes on without a pause. */
const SEND_EVERY_MS = 4;

/** One stream: produces no more chunks than the parent has given credit for. */
class RunningStream {
  private readonly call: WatchedCall;
  private credit: number;
  private left = false;
  private wake: (() => void) | undefined;
  private chunks: unknown[] = [];
  private transfer: unknown[] = [];
  private sentAt = 0;
  private flushPlanned = false;

  constructor(
    private readonly message: OpenMessage,
    private readonly port: WorkerPort,
    private readonly packing: OutputPacking,
  ) {
    this.call = new WatchedCall(unpackInput(message.config), () => port.attend());
    this.credit = message.credit;
  }

  grant(count: number): void {
    this.credit += count;
    this.wake?.();
  }

  leave(reason: unknown): void {
    this.left = true;
    this.call.cancel(reason);
    this.wake?.();
  }

  async run(stages: WorkerStages): Promise<void> {
    const { stage, input, stream } = this.message;
    try {
      const step = await stages.get(stage);
      await this.produce(step.stream(unpackInput(input), this.call));
      this.flush();
      await printed();
      this.port.send({ type: "end", stream, failed: false });
    } catch (error) {
      this.fail(error);
    }
  }

  private async produce(output: AsyncIterable<unknown>): Promise<void> {
    const source = output[Symbol.asyncIterator]();
    while (true) {
      if (this.credit === 0 && !this.left) await this.refill();
      if (this.left) break;
      const result = await source.next();
      if (result.done === true) return;
      this.push(result.value);
    }
    await source.return?.();
  }

  private refill(): Promise<void> {
    this.flush();
    return new Promise((resolve) => {
      this.wake = () => {
        this.wake = undefined;
        resolve();
      };
    });
  }

  private push(chunk: unknown): void {
    this.chunks.push(packOutput(chunk, this.packing, this.transfer));
    this.credit--;
    if (now() - this.sentAt > SEND_EVERY_MS) {
      this.flush();
    } else if (!this.flushPlanned) {
      this.flushPlanned = true;
      afterTurn(() => {
        this.flushPlanned = false;
        try {
          this.flush();
        } catch (error) {
          this.fail(error);
          this.leave(undefined);
        }
      });
    }
  }

  private flush(): void {
    const { chunks, transfer } = this;
    if (chunks.length === 0) return;
    this.chunks = [];
    this.transfer = [];
    this.sentAt = now();
    this.port.send({ type: "chunks", stream: this.message.stream, values: chunks }, transfer);
  }

  private fail(error: unknown): void {
    const { stream } = this.message;
    try {
      this.flush();
    } catch {
      // The error is about the value that cannot be sent.
    }
    this.port.send({ type: "end", stream, failed: true, error: packError(error) });
  }
}

function printed(): Promise<void> | undefined {
  return hasUnprinted() ? new Promise(whenPrinted) : undefined;
}

/** The open streams of this worker. */
export class StreamRunner {
  private readonly streams = new Map<number, RunningStream>();

  constructor(
    private readonly port: WorkerPort,
    private readonly stages: WorkerStages,
    private readonly onIdle: () => void,
  ) {}

  get isIdle(): boolean {
    return this.streams.size === 0;
  }

  open(message: OpenMessage): void {
    const stream = new RunningStream(message, this.port, this.stages.packing(message.stage));
    this.streams.set(message.stream, stream);
    stream.run(this.stages).finally(() => {
      this.streams.delete(message.stream);
      if (this.streams.size === 0) this.onIdle();
    });
  }

  grant(stream: number, count: number): void {
    this.streams.get(stream)?.grant(count);
  }

  leave(stream: number, reason: unknown): void {
    this.streams.get(stream)?.leave(reason);
  }
}

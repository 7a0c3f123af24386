import type { ChunkRange } from "../../cluster/producer/chunk-id.ts";
import type { Received } from "../../cluster/producer/outstanding.ts";
import type { InputOutcome } from "../../cluster/wire/outcome-body.ts";

/** Outcomes that have come, until their turn: each index is given once, in order, however often and in whatever pieces it came. */
export class OrderedOutcomes {
  private readonly held = new Map<number, Received>();
  /** The chunks of which outcomes have come, with their ends. */
  private readonly arrived = new Map<string, number>();
  /** The piece that outcomes are taken from now. */
  private current: Received | undefined;

  /** @param next The first index that is wanted. */
  constructor(public next: number) {}

  /** The number of inputs that wait for one before them. */
  get waiting(): number {
    let count = 0;
    for (const received of this.held.values()) count += received.count;
    return count;
  }

  add(received: Received, chunkEnd: number): void {
    this.arrived.set(received.id, chunkEnd);
    if (received.from + received.count <= this.next) return;
    const known = this.held.get(received.from);
    if (known === undefined || known.count < received.count) this.held.set(received.from, received);
  }

  /** Whether the outcomes of a whole chunk are there. */
  holds({ from, count }: ChunkRange): boolean {
    return this.held.get(from)?.count === count;
  }

  /** The outcome that comes next, if it is there. */
  peek(): InputOutcome | undefined {
    const received = this.covering();
    return received?.outcomes[this.next - received.from];
  }

  /** Goes on to the next index. */
  advance(): void {
    this.next++;
  }

  /** Takes out the chunks that are needed no more. */
  done(): string[] {
    const ids: string[] = [];
    for (const [id, end] of this.arrived) {
      if (end > this.next) continue;
      ids.push(id);
      this.arrived.delete(id);
    }
    return ids;
  }

  /** The piece that has the next index. */
  private covering(): Received | undefined {
    const { current, next } = this;
    if (current !== undefined && covers(current, next)) return current;
    if (current !== undefined) this.held.delete(current.from);
    this.current = this.held.get(next) ?? this.overlapping();
    return this.current;
  }

  /** A piece that began earlier, where pieces overlap. Pieces that lie behind are dropped. */
  private overlapping(): Received | undefined {
    let found: Received | undefined;
    for (const received of this.held.values()) {
      if (received.from + received.count <= this.next) this.held.delete(received.from);
      else if (covers(received, this.next)) found = received;
    }
    return found;
  }
}

function covers({ from, count }: Received, index: number): boolean {
  return from <= index && index < from + count;
}

/** How many times as long as others a chunk takes that is sent a second time, */
const SLOW = 2;
/** and for how long at least, in milliseconds. */
const LEAST_MS = 1000;
/** How much an older time counts, compared with a newer one. */
const MEMORY = 0.9;

/** A chunk that is under way. */
interface UnderWay {
  readonly id: string;
  readonly sentAt: number;
}

/**
 * Decides which chunks are sent a second time, when workers have nothing else to do: those that take long, because their worker is slow or
 * stuck. So does Spark with its last tasks. Whichever outcome comes first counts.
 */
export class Speculation {
  /** The chunks that were sent twice and have no outcome yet. */
  private readonly doubled = new Set<string>();
  /** The chunks that had an outcome before both attempts were through. */
  readonly decided = new Set<string>();
  private meanMs: number | undefined;

  /** A chunk has its outcome. @param ms The time since it was sent. */
  took(id: string, ms: number): void {
    this.meanMs = this.meanMs === undefined ? ms : this.meanMs * MEMORY + ms * (1 - MEMORY);
    if (this.doubled.delete(id)) this.decided.add(id);
  }

  /** Forgets a chunk that is not wanted as a whole any more. */
  forget(id: string): void {
    this.doubled.delete(id);
  }

  /** Picks the chunks that have been under way for longest. @param idle The number of chunks that workers could begin with now. */
  pick<Chunk extends UnderWay>(chunks: Iterable<Chunk>, idle: number, now: number): Chunk[] {
    const slowMs = Math.max(LEAST_MS, SLOW * (this.meanMs ?? Number.POSITIVE_INFINITY));
    const slow = [...chunks].filter(({ id, sentAt }) => !this.doubled.has(id) && now - sentAt > slowMs);
    const picked = slow.sort((a, b) => a.sentAt - b.sentAt).slice(0, Math.max(0, idle - this.doubled.size));
    for (const { id } of picked) this.doubled.add(id);
    return picked;
  }
}

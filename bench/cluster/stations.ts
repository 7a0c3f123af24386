/** The parts of a simulation: a clock that knows what happens next, and stations at which work queues. */

interface Event {
  readonly at: number;
  readonly order: number;
  readonly happen: () => void;
}

/** Simulated time, in milliseconds. Events are kept in a heap; those of one moment happen in the order in which they were planned. */
export class Clock {
  now = 0;
  private readonly heap: Event[] = [];
  private planned = 0;

  /** Plans something for so many milliseconds later. */
  after(ms: number, happen: () => void): void {
    this.at(this.now + ms, happen);
  }

  at(at: number, happen: () => void): void {
    const { heap } = this;
    const event: Event = { at, order: this.planned++, happen };
    let place = heap.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = event;
  }

  /** Goes on until nothing is planned any more, until `untilMs`, or until `isOver` says so. */
  run(untilMs: number, isOver: () => boolean): void {
    while (this.heap.length > 0 && !isOver()) {
      const event = this.take();
      if (event.at > untilMs) {
        this.now = untilMs;
        return;
      }
      this.now = event.at;
      event.happen();
    }
  }

  private take(): Event {
    const { heap } = this;
    const first = heap[0]!;
    const last = heap.pop()!;
    const { length } = heap;
    if (length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= length) break;
      if (child + 1 < length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.at === other.at ? one.order < other.order : one.at < other.at;
}

/** Does one thing after the other, or as many at a time as it has servers, in the order in which they come. */
export class Station {
  /** For how many milliseconds its servers have been busy, all added up, what they are at included. */
  busyMs = 0;
  private readonly freeAt: number[];

  constructor(
    private readonly clock: Clock,
    readonly servers: number,
  ) {
    this.freeAt = new Array(servers).fill(0);
  }

  /** When something is done that comes now and takes so long. */
  take(ms: number): number {
    const { freeAt } = this;
    let first = 0;
    for (let server = 1; server < freeAt.length; server++) if (freeAt[server]! < freeAt[first]!) first = server;
    const done = Math.max(this.clock.now, freeAt[first]!) + ms;
    freeAt[first] = done;
    this.busyMs += ms;
    return done;
  }

  serve(ms: number, then: () => void): void {
    this.clock.at(this.take(ms), then);
  }

  /** Drops what it is at, and is back at a later time. */
  reset(at: number): void {
    for (const free of this.freeAt) this.busyMs -= Math.max(0, free - this.clock.now);
    this.freeAt.fill(at);
  }
}

/** Numbers from 0 to 1 that look random and are the same each time (mulberry32). */
export function random(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

import { FairQueue, Place } from "../batching/fair-queue.ts";
import { platformTimers, type Timers } from "../batching/timers.ts";
import { abortError, onAbort } from "../core/signal.ts";
import { type Refusal, tooMuchToDo } from "./refusal.ts";

/** The options for how many runs of a chain go on at once, and how long requests wait. */
export interface AdmissionOptions {
  /** The number of runs that go on at once; the others wait in a queue. @default unlimited */
  readonly maxConcurrency?: number | undefined;
  /** The longest wait of a request, in milliseconds: one that would wait longer is refused with 503 and `Retry-After`. @default 50 */
  readonly maxQueueMs?: number | undefined;
}

/** The weight of the newest run in the mean time of a run. */
const WEIGHT = 0.1;
/** A request may wait so many times as long as the bound before it is refused after all: what is expected is never exact. */
const TOLERANCE = 1.1;
/** The time between two looks at the event loop while requests come, in milliseconds. */
const LOOK_MS = 20;
/** The number of late looks in a row that count: one may be a pause for garbage, a module that is loaded, the compiler. */
const LOOKS = 5;

class Entrant extends Place {
  /** @param since When it began to wait. */
  constructor(
    readonly since: number,
    readonly enter: () => void,
    readonly refuse: (refusal: Refusal) => void,
  ) {
    super();
  }
}

/**
 * Decides which requests run now, which wait and which are refused: by how long one would wait, not by how many do. A queue bounded by
 * time keeps what is accepted quick, at full throughput, whatever the load is (compare CoDel, RFC 8289).
 *
 * Clients take turns. Where nothing limits how much runs at once, and where runs compute, so that no two overlap, requests queue in the
 * event loop itself, and its lateness is the wait. It says nothing about runs that wait and are limited: on a machine that others keep busy,
 * free places would stay free.
 */
export class Admission {
  private readonly queue: FairQueue;
  private readonly maxConcurrency: number;
  private readonly maxQueueMs: number;
  /** The clients that wait, by id, with the number of their requests that do. */
  private readonly clients = new Map<string, { waiting: number }>();
  private meanMs = 0;
  /** The delays of the latest looks at the event loop in milliseconds, the newest last. */
  private readonly late: number[] = [];
  /** The least of those delays in milliseconds; 0 until there are enough of them. */
  private lastingMs = 0;
  /** What the latest refused request was told: one error does for many, as most of its cost is its stack. */
  private refusal: Refusal | undefined;
  private isLooking = false;
  private hasNews = false;
  /** Whether two runs have gone on at once. */
  private overlaps = false;
  running = 0;
  refused = 0;

  constructor(
    { maxConcurrency = Number.POSITIVE_INFINITY, maxQueueMs = 50 }: AdmissionOptions = {},
    private readonly timers: Timers = platformTimers,
  ) {
    // Its turns never end: what came together has no claim to be served bit by bit, and the last of it would wait longer than was expected.
    this.queue = new FairQueue(() => {});
    this.maxConcurrency = maxConcurrency;
    this.maxQueueMs = maxQueueMs;
  }

  /** The number of requests that wait. */
  get waiting(): number {
    return this.queue.length;
  }

  /** The time that one more request would wait, in milliseconds, as far as can be told. */
  get expectedWaitMs(): number {
    if (this.running < this.maxConcurrency) return this.lateMs;
    return ((this.queue.length + 1) * this.meanMs) / this.maxConcurrency + this.lateMs;
  }

  /** The lasting delay of the event loop, in milliseconds, where it counts. */
  private get lateMs(): number {
    const isLimited = this.maxConcurrency !== Number.POSITIVE_INFINITY;
    return isLimited && this.overlaps ? 0 : this.lastingMs;
  }

  /**
   * Refuses a request that would wait too long, before anything is done for it.
   *
   * @throws Refusal 503
   */
  check(): void {
    this.hasNews = true;
    this.look();
    const waitMs = this.expectedWaitMs;
    if (waitMs <= this.maxQueueMs) return;
    this.refused++;
    const retryAfter = String(Math.max(1, Math.ceil(waitMs / 1000)));
    if (this.refusal?.headers["retry-after"] !== retryAfter) this.refusal = tooMuchToDo(retryAfter);
    throw this.refusal;
  }

  /**
   * Lets a request in. Each one that is let in is followed by one {@link leave}.
   *
   * @param request Its signal is asked for only where it has to wait.
   * @returns Undefined when it may run now; else a promise of its turn, which rejects when the signal aborts.
   * @throws Refusal 503
   */
  enter(client: string, request?: { readonly signal: AbortSignal }): Promise<void> | undefined {
    this.check();
    if (this.running < this.maxConcurrency) {
      this.overlaps ||= this.running > 0;
      this.running++;
      return undefined;
    }
    return this.wait(client, request?.signal);
  }

  /** Takes note that a request that was let in is done. @param tookMs The time of its run, in milliseconds. */
  leave(tookMs: number): void {
    this.running--;
    this.meanMs = this.meanMs === 0 ? tookMs : this.meanMs + (tookMs - this.meanMs) * WEIGHT;
    if (this.queue.length === 0 || this.running >= this.maxConcurrency) return;
    this.running++;
    this.next().enter();
  }

  /**
   * Takes the next request out of the queue. One that has waited longer than it may is refused while others wait behind it: after a pause of
   * the whole process all would be late, and stay so for as long as the load lasts.
   */
  private next(): Entrant {
    const latest = this.timers.now() - this.maxQueueMs * TOLERANCE;
    let entrant = this.queue.shift() as Entrant;
    while (entrant.since < latest && this.queue.length > 0) {
      this.refused++;
      entrant.refuse(tooMuchToDo("1"));
      entrant = this.queue.shift() as Entrant;
    }
    return entrant;
  }

  private wait(client: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      let caller = this.clients.get(client);
      if (caller === undefined) {
        caller = { waiting: 0 };
        this.clients.set(client, caller);
      }
      const key = caller;
      key.waiting++;
      let stopWatching: (() => void) | undefined;
      const left = (): void => {
        stopWatching?.();
        if (--key.waiting === 0) this.clients.delete(client);
      };
      const entrant = new Entrant(
        this.timers.now(),
        () => {
          left();
          resolve();
        },
        (refusal) => {
          left();
          reject(refusal);
        },
      );
      if (signal !== undefined) {
        if (signal.aborted) {
          left();
          reject(abortError(signal));
          return;
        }
        stopWatching = onAbort(signal, () => {
          if (!this.queue.remove(entrant)) return;
          left();
          reject(abortError(signal));
        });
      }
      this.queue.push(entrant, key);
    });
  }

  /** Measures how late the event loop is, while requests come and no longer. */
  private look(): void {
    if (this.isLooking) return;
    this.isLooking = true;
    const { timers } = this;
    const dueAt = timers.now() + LOOK_MS;
    timers.set(() => {
      this.isLooking = false;
      this.late.push(Math.max(0, timers.now() - dueAt));
      if (this.late.length > LOOKS) this.late.shift();
      const goOn = this.hasNews;
      this.hasNews = false;
      if (goOn) this.look();
      else this.late.length = 0;
      this.lastingMs = this.late.length < LOOKS ? 0 : Math.min(...this.late);
    }, LOOK_MS);
  }
}

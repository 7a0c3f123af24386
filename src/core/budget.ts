/**
 * The right to run one input under `maxConcurrency`. Who holds a slot and fans out (a parallel, a nested batch) lends it to its
 * first branch, since it only waits meanwhile; further branches need further slots. So a call can never wait for itself, and the
 * whole call, however nested, never runs more inputs at once than its budget has slots.
 */
export class Slot {
  /** Whether a branch of the holder runs on this slot now. */
  private lent = false;
  private readonly waiters: (() => void)[] = [];

  constructor(
    private readonly budget: Budget,
    private readonly lender: Slot | null = null,
  ) {}

  /** A slot for one branch of this slot's holder, or null when none is free. */
  take(): Slot | null {
    if (!this.lent) {
      this.lent = true;
      return new Slot(this.budget, this);
    }
    return this.budget.acquire() ? new Slot(this.budget) : null;
  }

  /** Calls `callback` when {@link take} may succeed again; it may be called more than once, and in vain. */
  wait(callback: () => void): void {
    this.waiters.push(callback);
    this.budget.wait(callback);
  }

  /** Gives the slot back and lets those who wait for one try, first come first served. */
  release(): void {
    if (this.lender === null) {
      this.budget.giveBack();
      return;
    }
    this.lender.lent = false;
    const { waiters } = this.lender;
    for (let count = waiters.length; count > 0; count--) waiters.shift()?.();
  }

  /** The slot of a call inside this one that may run no more than `limit` inputs at once. */
  narrow(limit: number): Slot {
    return new Budget(limit, this.budget).slot;
  }
}

/** The slots of one call: `maxConcurrency` of them. A budget inside another one is bounded by both. */
export class Budget {
  /** The slot of the call itself. */
  readonly slot: Slot;
  private used = 1;
  private readonly waiters: (() => void)[];

  constructor(
    private readonly limit: number,
    private readonly parent: Budget | null = null,
  ) {
    this.slot = new Slot(this);
    this.waiters = parent === null ? [] : parent.waiters;
  }

  /** @internal Calls `callback` once, when a slot has become free. */
  wait(callback: () => void): void {
    this.waiters.push(callback);
  }

  /** @internal Takes one slot here and in every budget around this one. */
  acquire(): boolean {
    if (!this.hasFree()) return false;
    for (let budget: Budget | null = this; budget !== null; budget = budget.parent) budget.used++;
    return true;
  }

  /** @internal Undoes one {@link acquire} and wakes who waits. */
  giveBack(): void {
    for (let budget: Budget | null = this; budget !== null; budget = budget.parent) budget.used--;
    for (let count = this.waiters.length; count > 0 && this.hasFree(); count--) this.waiters.shift()?.();
  }

  private hasFree(): boolean {
    for (let budget: Budget | null = this; budget !== null; budget = budget.parent) {
      if (budget.used >= budget.limit) return false;
    }
    return true;
  }
}

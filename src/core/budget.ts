import { Linked, LinkedList } from "./linked-list.ts";

/** A branch that waits until a slot can be taken. */
class Waiter extends Linked {
  constructor(readonly callback: () => void) {
    super();
  }
}

/** A slot or a budget that has become free and that somebody waits for. */
interface Freed {
  /** Whether this is in the list of {@link WakeUps} already. */
  isDue: boolean;
  serve(): void;
}

/**
 * Lets those go on who wait for what has become free. What becomes free meanwhile is served afterwards and not from inside: ten
 * thousand that wake each other would not fit on the stack.
 */
class WakeUps {
  private readonly due: Freed[] = [];
  private isServing = false;

  serve(freed: Freed): void {
    if (freed.isDue) return;
    freed.isDue = true;
    this.due.push(freed);
    if (this.isServing) return;
    this.isServing = true;
    try {
      for (let next = this.due.pop(); next !== undefined; next = this.due.pop()) {
        next.isDue = false;
        next.serve();
      }
    } finally {
      this.isServing = false;
    }
  }
}

/**
 * The right to run one input under `maxConcurrency`. Who holds a slot and fans out (a parallel, a nested batch) lends it to its
 * first branch, since it only waits meanwhile; further branches need further slots. So a call can never wait for itself, and the
 * whole call, however nested, never runs more inputs at once than its budget has slots.
 *
 * A waiting branch stands once in the line of its slot, and the slot stands once in the line of the budget that is full.
 * So a release wakes one that can go on, however many wait.
 */
export class Slot extends Linked {
  /** Whether a branch of the holder runs on this slot now. */
  private lent = false;
  private waiters: LinkedList<Waiter> | null = null;
  /** The full budget in whose line this slot stands while somebody waits. */
  private line: Budget | null = null;
  /** @internal Whether this is in the list of {@link WakeUps} already. */
  isDue = false;

  constructor(
    private readonly budget: Budget,
    private readonly lender: Slot | null = null,
  ) {
    super();
  }

  /** A slot for one branch of this slot's holder, or null when none is free. */
  take(): Slot | null {
    if (!this.lent) {
      this.lent = true;
      return new Slot(this.budget, this);
    }
    return this.budget.acquire() ? new Slot(this.budget) : null;
  }

  /** Calls `callback` once, when {@link take} may succeed again. */
  wait(callback: () => void): void {
    this.waiters ??= new LinkedList();
    this.waiters.push(new Waiter(callback));
    this.standInLine();
  }

  /** Gives the slot back and lets waiting branches try, first come first served. */
  release(): void {
    const { lender, budget } = this;
    if (lender === null) {
      budget.giveBack();
      return;
    }
    lender.lent = false;
    if (lender.isAwaited) budget.wakeUps.serve(lender);
  }

  /** The slot of a call inside this one that may run no more than `limit` inputs at once. */
  narrow(limit: number): Slot {
    return new Budget(limit, this.budget).slot;
  }

  /** @internal Lets branches try that wait for the slot lent by this one. */
  serve(): void {
    while (!this.lent && this.isAwaited) this.wakeFirst();
  }

  /** @internal Whether somebody waits for a slot like this. */
  get isAwaited(): boolean {
    return this.waiters !== null && this.waiters.length > 0;
  }

  /** @internal Called when this slot is first in the line of `budget`, which is not full any more. */
  advance(budget: Budget): void {
    this.line = null;
    const blocker = this.budget.blocker();
    if (blocker === null || blocker === budget) this.wakeFirst();
    else this.standInLine();
  }

  private wakeFirst(): void {
    const waiter = this.waiters?.shift();
    if (this.isAwaited) this.standInLine();
    else if (this.line !== null) {
      this.line.line.remove(this);
      this.line = null;
    }
    waiter?.callback();
  }

  private standInLine(): void {
    if (this.line !== null) return;
    this.line = this.budget.blocker() ?? this.budget;
    this.line.line.push(this);
  }
}

/** The slots of one call: `maxConcurrency` of them. A budget inside another one is bounded by both. */
export class Budget {
  /** The slot of the call itself. */
  readonly slot: Slot;
  /** @internal The slots that have somebody waiting because this budget is full. */
  readonly line = new LinkedList<Slot>();
  /** @internal Whether this is in the list of {@link WakeUps} already. */
  isDue = false;
  private used = 1;
  /** @internal Shared with the budgets around. */
  readonly wakeUps: WakeUps;

  constructor(
    private readonly limit: number,
    private readonly parent: Budget | null = null,
  ) {
    this.slot = new Slot(this);
    this.wakeUps = parent === null ? new WakeUps() : parent.wakeUps;
  }

  /** @internal Takes one slot here and in every budget around this one. */
  acquire(): boolean {
    if (this.blocker() !== null) return false;
    for (let budget: Budget | null = this; budget !== null; budget = budget.parent) budget.used++;
    return true;
  }

  /** @internal Undoes one {@link acquire} and wakes waiting branches. */
  giveBack(): void {
    for (let budget: Budget | null = this; budget !== null; budget = budget.parent) budget.used--;
    for (let budget: Budget | null = this; budget !== null; budget = budget.parent) {
      if (budget.line.length > 0) this.wakeUps.serve(budget);
    }
  }

  /** @internal The innermost budget that has no slot left, here or around. */
  blocker(): Budget | null {
    for (let budget: Budget | null = this; budget !== null; budget = budget.parent) {
      if (budget.used >= budget.limit) return budget;
    }
    return null;
  }

  /** @internal Lets branches try that wait for a free slot of this budget. */
  serve(): void {
    while (this.used < this.limit) {
      const slot = this.line.shift();
      if (slot === null) return;
      slot.advance(this);
    }
  }
}

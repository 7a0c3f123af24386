import type { InputSource } from "../../core/input-source.ts";
import type { InputOutcome } from "../wire/outcome-body.ts";

/** Takes the outcome of the input at a place among those that were sent together. */
export type Tell = (at: number, outcome: InputOutcome) => void;

/** Inputs that were sent together and have numbers that follow each other. Each is told its outcome once. */
class Sent {
  /** The number of inputs that have no outcome yet. */
  left: number;
  private readonly isSettled: Uint8Array;

  constructor(
    readonly from: number,
    readonly count: number,
    readonly tell: Tell,
    readonly owner: object | undefined,
  ) {
    this.left = count;
    this.isSettled = new Uint8Array(count);
  }

  has(index: number): boolean {
    return this.from <= index && index < this.from + this.count;
  }

  /** @returns Whether the input had no outcome yet. */
  close(index: number): boolean {
    const at = index - this.from;
    if (this.isSettled[at] !== 0) return false;
    this.isSettled[at] = 1;
    this.left--;
    return true;
  }
}

/** The inputs of a run that are under way, by their numbers: an entry for those that were sent together, and none for each. */
export class SentInputs {
  /** The number of inputs that have no outcome yet. */
  count = 0;
  private readonly all = new Map<number, Sent>();

  /** @param owner Whose inputs they are, see {@link settleAll}. */
  add(from: number, count: number, tell: Tell, owner?: object): void {
    this.all.set(from, new Sent(from, count, tell, owner));
    this.count += count;
  }

  /** Tells outcomes to those who still wait for them. */
  settle(from: number, outcomes: readonly InputOutcome[]): void {
    let sent: Sent | undefined;
    for (let at = 0; at < outcomes.length; at++) {
      const index = from + at;
      if (sent?.has(index) !== true) sent = this.find(index);
      if (sent !== undefined && this.closes(sent, index)) sent.tell(index - sent.from, outcomes[at]!);
    }
  }

  /** Forgets an input for which nobody waits any more. */
  drop(index: number): void {
    const sent = this.find(index);
    if (sent !== undefined) this.closes(sent, index);
  }

  /** Tells one outcome to all who still wait, or to those of an owner. */
  settleAll(outcome: InputOutcome, owner?: object): void {
    for (const sent of [...this.all.values()]) {
      if (owner !== undefined && sent.owner !== owner) continue;
      for (let at = 0; at < sent.count; at++) if (this.closes(sent, sent.from + at)) sent.tell(at, outcome);
    }
  }

  /** Closes an input. @returns Whether it had no outcome yet. */
  private closes(sent: Sent, index: number): boolean {
    if (!sent.close(index)) return false;
    this.count--;
    if (sent.left === 0) this.all.delete(sent.from);
    return true;
  }

  /** Chunks come back as they were sent, as a rule. */
  private find(index: number): Sent | undefined {
    const exact = this.all.get(index);
    if (exact !== undefined) return exact;
    for (const sent of this.all.values()) if (sent.has(index)) return sent;
    return undefined;
  }
}

/** Tells the outcomes of inputs that came from a source. @param keys The numbers that the source gave them. */
export function tellSource(source: InputSource, keys: readonly number[]): Tell {
  return (at, outcome) => {
    if (outcome.status === "fulfilled") source.fulfil(keys[at]!, outcome.value);
    else source.reject(keys[at]!, outcome.reason);
  };
}

import { deepStrictEqual, ok } from "node:assert/strict";
import type { InputSource } from "../lanes/lane.ts";

/** A feed that keeps account of what a lane does with it. */
export class CountingFeed implements InputSource {
  /** The keys that were taken, in order. */
  readonly taken: number[] = [];
  readonly outcomes = new Map<number, { readonly output: unknown } | { readonly error: unknown }>();
  /** Called after each settlement. */
  onSettled: () => void = () => {};
  private next = 0;
  private readonly offences: string[] = [];

  /** @param inputs The inputs, to which {@link add} adds more. */
  constructor(private readonly inputs: unknown[] = []) {}

  get waiting(): number {
    return this.inputs.length - this.next;
  }

  add(...inputs: unknown[]): void {
    this.inputs.push(...inputs);
  }

  take(): number {
    if (this.waiting === 0) this.offences.push("took an input when none was waiting");
    this.taken.push(this.next);
    return this.next++;
  }

  inputOf(key: number): unknown {
    this.expectOpen(key, "asked for");
    return this.inputs[key];
  }

  fulfil(key: number, output: unknown): void {
    this.settle(key, { output });
  }

  reject(key: number, error: unknown): void {
    this.settle(key, { error });
  }

  /** Whether all inputs that were taken are settled. */
  get isSettled(): boolean {
    return this.outcomes.size === this.taken.length;
  }

  /** Checks that the lane has kept to the rules, and settled all inputs that it took. */
  check(): void {
    deepStrictEqual(this.offences, []);
    ok(this.isSettled, `${this.taken.length} inputs were taken, and ${this.outcomes.size} settled`);
  }

  /** Outputs by key; `fallback` makes something of errors. */
  outputs(fallback: (error: unknown) => unknown): unknown[] {
    return this.taken.map((key) => {
      const outcome = this.outcomes.get(key)!;
      return "output" in outcome ? outcome.output : fallback(outcome.error);
    });
  }

  private settle(key: number, outcome: { output: unknown } | { error: unknown }): void {
    this.expectOpen(key, "settled");
    this.outcomes.set(key, outcome);
    this.onSettled();
  }

  private expectOpen(key: number, what: string): void {
    if (key >= this.next) this.offences.push(`${what} input ${key}, which was not taken`);
    if (this.outcomes.has(key)) this.offences.push(`${what} input ${key}, which was settled`);
  }
}

import type { RunContext } from "../../core/context.ts";
import type { InputSource } from "../../core/input-source.ts";
import { WrappedSource } from "../wrapped-stage.ts";

/** Makes all attempts but the first, which failed with `error`. */
// biome-ignore lint/suspicious/noExplicitAny: inputs of all types are tried again
export type RunAgain = (input: any, ctx: RunContext, error: unknown, startedAt: number) => Promise<unknown>;

/** The inputs of a batch on their way to a lane. An input that fails there is settled after its further attempts. */
export class RetriedSource extends WrappedSource {
  private readonly inputs = new Map<number, unknown>();
  /** When each input was taken, where the step keeps the time of its runs. */
  private readonly startedAt: Map<number, number> | null;

  constructor(
    source: InputSource,
    private readonly runAgain: RunAgain,
    private readonly ctx: RunContext,
  ) {
    super(source);
    this.startedAt = ctx.scope?.keeper === undefined ? null : new Map();
  }

  override inputOf(key: number): unknown {
    const input = this.source.inputOf(key);
    this.inputs.set(key, input);
    this.startedAt?.set(key, performance.now());
    return input;
  }

  override fulfil(key: number, output: unknown): void {
    this.inputs.delete(key);
    this.startedAt?.delete(key);
    this.source.fulfil(key, output);
  }

  override reject(key: number, error: unknown): void {
    const { source, ctx, inputs } = this;
    const input = inputs.get(key);
    const startedAt = this.startedAt?.get(key) ?? 0;
    inputs.delete(key);
    this.startedAt?.delete(key);
    this.runAgain(input, ctx, error, startedAt).then(
      (output) => source.fulfil(key, output),
      (failure) => source.reject(key, failure),
    );
  }
}

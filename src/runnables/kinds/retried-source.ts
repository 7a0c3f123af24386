import type { RunContext } from "../../core/context.ts";
import type { InputSource } from "../../core/input-source.ts";
import { WrappedSource } from "../wrapped-stage.ts";

/** Makes all attempts but the first, which failed with `error`. */
// biome-ignore lint/suspicious/noExplicitAny: inputs of all types are tried again
export type RunAgain = (input: any, ctx: RunContext, error: unknown, startedAt: number) => Promise<unknown>;

/** The inputs of a batch on their way to a lane. An input that fails there is settled after its further attempts. */
export class RetriedSource extends WrappedSource {
  private readonly inputs = new TakenInputs();
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
    this.inputs.keep(key, input);
    this.startedAt?.set(key, performance.now());
    return input;
  }

  override fulfil(key: number, output: unknown): void {
    this.inputs.release(key);
    this.startedAt?.delete(key);
    this.source.fulfil(key, output);
  }

  override reject(key: number, error: unknown): void {
    const { source, ctx, inputs } = this;
    const input = inputs.release(key);
    const startedAt = this.startedAt?.get(key) ?? 0;
    this.startedAt?.delete(key);
    this.runAgain(input, ctx, error, startedAt).then(
      (output) => source.fulfil(key, output),
      (failure) => source.reject(key, failure),
    );
  }
}

/** The number of inputs whose places are kept together. */
const BLOCK = 1024;

interface Block {
  readonly inputs: unknown[];
  kept: number;
}

/**
 * The inputs that have been taken and not settled, by their keys. Keys grow, and are settled in about the order in which they were taken:
 * blocks of places cost a fifth of what a Map entry for each input does, and those that are empty again are forgotten.
 */
class TakenInputs {
  private readonly blocks = new Map<number, Block>();
  private last: Block | undefined;
  private lastAt = -1;

  keep(key: number, input: unknown): void {
    const block = this.blockOf(key);
    block.inputs[key % BLOCK] = input;
    block.kept++;
  }

  /** Forgets an input, and gives it. */
  release(key: number): unknown {
    const block = this.blockOf(key);
    const input = block.inputs[key % BLOCK];
    block.inputs[key % BLOCK] = undefined;
    if (--block.kept === 0) {
      this.blocks.delete(this.lastAt);
      this.last = undefined;
    }
    return input;
  }

  private blockOf(key: number): Block {
    const at = Math.floor(key / BLOCK);
    if (this.last !== undefined && this.lastAt === at) return this.last;
    let block = this.blocks.get(at);
    if (block === undefined) {
      block = { inputs: new Array(BLOCK).fill(undefined), kept: 0 };
      this.blocks.set(at, block);
    }
    this.last = block;
    this.lastAt = at;
    return block;
  }
}

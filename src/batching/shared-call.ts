import { describe, runlaneError } from "../core/errors/errors.ts";
import { abortError, onAbort, stopError } from "../core/signal.ts";
import { type Chunked, closeQuietly, isChunked, toChunks } from "../core/streams/chunks.ts";
import { isThenable } from "../core/thenable.ts";
import { Gathering } from "./coalescer.ts";

/** The function behind calls. */
export interface BatchFunction {
  /** The name of the function in errors. */
  readonly label: string;
  /** True when a call that fails is made again for each of its inputs. */
  readonly isolateErrors: boolean;
  /** Starts a call: the outputs, a promise of them, or their iteration. The inputs stay those of the call: never change them. */
  open(inputs: unknown[], signal: AbortSignal | undefined): unknown;
}

/** An input that may leave a call, or get its output before the others: it has a promise of its own. */
export class Member {
  readonly output: Promise<unknown>;
  /** The call that the input is part of. */
  call: SharedCall | undefined;
  isSettled = false;
  private resolve!: (output: unknown) => void;
  private reject!: (error: unknown) => void;
  private readonly stopWatching: (() => void) | undefined;

  /** @param onLeave Called when the signal has aborted. */
  constructor(
    readonly weight: number,
    readonly signal: AbortSignal | undefined,
    onLeave: (member: Member) => void,
  ) {
    this.output = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    if (signal === undefined) return;
    this.stopWatching = onAbort(signal, () => {
      this.fail(abortError(signal));
      onLeave(this);
    });
  }

  settle(output: unknown): void {
    if (output instanceof Error) this.fail(output);
    else if (this.end()) this.resolve(output);
  }

  fail(error: unknown): void {
    if (this.end()) this.reject(error);
  }

  private end(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    this.stopWatching?.();
    return true;
  }
}

/** One call of a vectorised function: gives each input its own output, however the call ends. */
export class SharedCall extends Gathering {
  private inputs: unknown[] = [];
  /** The member behind each input, once one of the inputs has a promise of its own. */
  private members: (Member | undefined)[] | undefined;
  private common: CommonOutputs | undefined;
  private controller: AbortController | undefined;
  private source: AsyncIterator<unknown> | undefined;
  /** The number of inputs that somebody still waits for. */
  private awaited = 0;
  isSent = false;

  constructor(
    key: string,
    private readonly func: BatchFunction,
  ) {
    super(key);
  }

  /** Adds an input that cannot leave. */
  add(input: unknown): Promise<unknown> {
    this.inputs.push(input);
    this.members?.push(undefined);
    this.common ??= new CommonOutputs();
    return this.common.next();
  }

  /** Adds an input that may leave, or is to have its output before others. */
  addMember(input: unknown, member: Member): void {
    this.members ??= new Array(this.inputs.length).fill(undefined);
    this.inputs.push(input);
    this.members.push(member);
    member.call = this;
  }

  /**
   * Makes the call.
   *
   * @param onDone Called when the function is done, before outputs are handed on.
   * @returns Nothing when the call is over at once, else a promise that is never rejected.
   */
  send(onDone?: () => void): Promise<void> | undefined {
    this.isSent = true;
    this.dropLeft();
    const { inputs } = this;
    this.awaited = inputs.length;
    try {
      const outputs = this.func.open(inputs, this.signal());
      if (isThenable(outputs)) return this.follow(outputs, onDone);
      return this.take(outputs);
    } catch (error) {
      return this.fail(error);
    }
  }

  /** Takes note that an input has left after the call was made. */
  left(): void {
    this.awaited--;
    if (this.awaited > 0) return;
    this.controller?.abort(stopError("AbortError", "All inputs of the call were aborted."));
    if (this.source !== undefined) closeQuietly(this.source);
  }

  private dropLeft(): void {
    const { members, inputs } = this;
    if (members === undefined || !members.some((member) => member?.isSettled)) return;
    this.inputs = inputs.filter((_, index) => members[index]?.isSettled !== true);
    this.members = members.filter((member) => member?.isSettled !== true);
  }

  /** A signal that aborts when all members have left; undefined if one of them cannot leave. */
  private signal(): AbortSignal | undefined {
    const { members } = this;
    if (members === undefined || !members.every((member) => member?.signal !== undefined)) return undefined;
    if (members.length === 1) return members[0]?.signal;
    this.controller = new AbortController();
    return this.controller.signal;
  }

  private async follow(pending: PromiseLike<unknown>, onDone: (() => void) | undefined): Promise<void> {
    try {
      const outputs = await pending;
      if (Array.isArray(outputs)) onDone?.();
      await this.take(outputs);
    } catch (error) {
      await this.fail(error);
    }
  }

  private take(outputs: unknown): Promise<void> | undefined {
    if (Array.isArray(outputs)) this.hand(outputs);
    else if (typeof outputs === "object" && outputs !== null && isChunked(outputs)) return this.takeEach(outputs);
    else this.mismatch(describe(outputs));
    return undefined;
  }

  private hand(outputs: readonly unknown[]): void {
    const { inputs, members, common } = this;
    if (outputs.length !== inputs.length) {
      this.mismatch(counted(outputs.length));
      return;
    }
    if (members === undefined) {
      // A copy: the outputs are taken later, and the array is the function's, which may use it for its next call.
      common?.resolve([...outputs]);
      return;
    }
    for (const [index, member] of members.entries()) member?.settle(outputs[index]);
    common?.resolve(outputs.filter((_, index) => members[index] === undefined));
  }

  /** Hands each output on as it comes; the last one when the iteration has ended, since only then it is known to be the last. */
  private async takeEach(iteration: Chunked<unknown>): Promise<void> {
    const { inputs, members } = this;
    const source = toChunks(iteration)[Symbol.asyncIterator]();
    this.source = source;
    const outputs: unknown[] = [];
    try {
      for (;;) {
        const { done, value } = await source.next();
        if (done === true) break;
        outputs.push(value);
        if (outputs.length > inputs.length) {
          closeQuietly(source);
          this.mismatch(`${counted(outputs.length)} or more`);
          return;
        }
        const member = members?.[outputs.length - 1];
        if (outputs.length < inputs.length && member?.isSettled === false) {
          this.awaited--;
          member.settle(value);
        }
      }
      this.hand(outputs);
    } catch (error) {
      await this.fail(error);
    } finally {
      this.source = undefined;
    }
  }

  private mismatch(outputs: string): void {
    const details = { where: this.func.label, inputs: this.inputs.length, outputs };
    this.failAll(runlaneError("RUNLANE_BATCH_MISMATCH", details));
  }

  private fail(error: unknown): Promise<void> | undefined {
    if (this.func.isolateErrors && this.inputs.length > 1) return this.isolate();
    this.failAll(error);
    return undefined;
  }

  private failAll(error: unknown): void {
    if (this.members !== undefined) for (const member of this.members) member?.fail(error);
    this.common?.reject(error);
  }

  /** Makes one call after the other for each input that has no output yet. */
  private async isolate(): Promise<void> {
    const { inputs, members = [] } = this;
    for (const [index, member] of members.entries()) {
      if (member === undefined || member.isSettled) continue;
      const alone = new SharedCall(this.key, this.func);
      alone.addMember(inputs[index], member);
      await alone.send();
    }
  }
}

/**
 * The outputs of inputs that get them all together: one promise for all, and of each input what `then` makes of it. The reactions of
 * a promise run in the order in which they were added, so that one function hands all outputs out. A promise with functions of its
 * own for each input costs three times the memory, which garbage collection feels: 100,000 waiting inputs took 60 ms, and take 25.
 */
class CommonOutputs {
  resolve!: (outputs: readonly unknown[]) => void;
  reject!: (error: unknown) => void;
  private taken = 0;
  private readonly all = new Promise<readonly unknown[]>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
  private readonly take = (outputs: readonly unknown[]): unknown => {
    const output = outputs[this.taken++];
    if (output instanceof Error) throw output;
    return output;
  };

  next(): Promise<unknown> {
    return this.all.then(this.take);
  }
}

function counted(outputs: number): string {
  return outputs === 1 ? "1 output" : `${outputs} outputs`;
}

import type { RunlaneError } from "../../core/errors/errors.ts";
import { MAX_LEVELS } from "./format.ts";
import { notSerializable } from "./not-serializable.ts";
import { formatPath, type PathKey } from "./path.ts";

/** A stand-in for a value inside an error that cannot travel: the error arrives without it. */
export const LEFT_OUT = Symbol("left out");

/** The place of an encoder in a value, which decides whether a value that cannot travel is refused or left out. */
export class EncoderPosition {
  readonly path: PathKey[] = [];
  /** The number of containers around the current value, up to the entry that holds it: entries lie side by side. */
  level = 0;
  /** The number of errors around the current value. */
  inErrors: number;
  /** Whether a value has been left out. */
  leftOut = false;

  /**
   * @param where The owner of the value, for error messages: `the step "parse"`.
   * @param root The name of the value in paths.
   * @param leavesOut Whether values that cannot travel are left out everywhere, as they are inside errors.
   */
  constructor(
    private readonly where: string,
    private readonly root: string,
    leavesOut: boolean,
  ) {
    this.inErrors = leavesOut ? 1 : 0;
  }

  get text(): string {
    return formatPath(this.root, this.path);
  }

  get isTooDeep(): boolean {
    return this.level >= MAX_LEVELS;
  }

  /** Goes into an object that is sent beside the value, not in it. Returns the level for {@link leave}. */
  enter(): number {
    const { level } = this;
    this.level = 0;
    return level;
  }

  leave(level: number): void {
    this.level = level;
  }

  /** @throws RUNLANE_NOT_SERIALIZABLE outside of errors. */
  refuse(received: string, cause?: unknown): typeof LEFT_OUT {
    if (this.inErrors === 0) throw notSerializable(this.where, this.text, received, cause);
    this.leftOut = true;
    return LEFT_OUT;
  }

  /** @throws RUNLANE_NOT_SERIALIZABLE outside of errors. */
  refuseDepth(): typeof LEFT_OUT {
    if (this.inErrors === 0) throw this.tooDeep();
    this.leftOut = true;
    return LEFT_OUT;
  }

  /** The error of a value that the other side could not read. */
  tooDeep(cause?: unknown): RunlaneError {
    const inside = this.path.length > 0 ? ", somewhere inside," : "";
    const received = `nested too deeply: more than ${MAX_LEVELS} levels`;
    return notSerializable(this.where, `${this.root}${inside}`, received, cause);
  }
}

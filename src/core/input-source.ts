/**
 * Many inputs of one stage, which a lane takes as it has room for them. So a batch of a million inputs is a million array elements, and
 * not as many promises.
 */
export interface InputSource {
  /** The number of inputs that could be taken now. */
  readonly waiting: number;
  /** Takes the next input out and gives the number that stands for it. Called only while some are waiting. */
  take(): number;
  /** The input that a number stands for. Asked for once, right after {@link take}. */
  inputOf(key: number): unknown;
  /** Settles an input by its output. Either this or {@link reject} is called once for each input that was taken. */
  fulfil(key: number, output: unknown): void;
  reject(key: number, error: unknown): void;
}

/** A lane's side of a {@link InputSource}. */
export interface FeedHandle {
  /** Inputs have been added to the feed. */
  wake(): void;
  /** Takes nothing more. Inputs that were taken go on, unless the signal of the call aborts. */
  stop(): void;
}

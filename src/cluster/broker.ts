/**
 * What the cluster lane needs of an engine that keeps work until it is done. There is one implementation for each engine in
 * `brokers/`, none of which knows another; `brokerCases` of `runlane/testing` says what each has to do.
 *
 * A broker runs each chunk at least once, and forgets nothing that was submitted until it is settled. It neither knows what is in
 * chunks and outcomes, nor orders them: whoever reads the outcomes drops what it has already.
 */
export interface Broker {
  /** What messages call it: `PostgreSQL at db.example:5432`. Holds no password. */
  readonly name: string;
  /** Notes a run, so that others see it. Calling it again changes nothing. */
  begin(run: RunRef, about: RunAbout): Promise<void>;
  /** Adds chunks. They are safe when this resolves. A chunk whose id the run has already, done or not, is left as it is. */
  submit(run: RunRef, chunks: readonly SubmittedChunk[]): Promise<void>;
  /**
   * The outcomes of a run, those that are there already first. Each is told at least once, as long as it is not settled.
   *
   * @param options Ends when the signal aborts.
   * @throws RUNLANE_RUN_CANCELLED once somebody has cancelled the run.
   */
  outcomes(run: RunRef, options: { readonly signal: AbortSignal }): AsyncIterable<readonly OutcomePart[]>;
  /** The outcomes of these chunks are where they belong: all of it may be forgotten. */
  settle(run: RunRef, ids: readonly string[]): Promise<void>;
  /** Takes chunks back: queued ones never run, and the signals of running ones abort. Without `ids`, the whole run. */
  cancel(run: RunRef, ids?: readonly string[]): Promise<void>;
  /** Forgets a run and whatever is left of it. */
  end(run: RunRef): Promise<void>;
  /**
   * Takes chunks of a queue and runs them.
   *
   * A chunk is leased to who runs it. When a worker is lost, its chunks go to others after the lease; when it was only out of
   * reach, what it has done since is dropped or told twice.
   *
   * @param work Gives the parts of an outcome. What it throws puts the chunk back.
   */
  serve(queue: string, work: Work, options: ServeOptions): Promise<Serving>;
  /** What waits, what runs, and who works. */
  state(): Promise<BrokerState>;
  /** Lets go of connections. Chunks that are still being run go to others. */
  close(): Promise<void>;
}

export type Bytes = Uint8Array;

/** One run of inputs through a pipeline, and the queue in which its chunks wait. */
export interface RunRef {
  readonly id: string;
  /** Named after the pipeline and its digest, see `pipelineQueue`. */
  readonly queue: string;
}

/** What a run tells of itself. */
export interface RunAbout {
  /** The name of the pipeline. */
  readonly pipeline: string;
  /** The machine on which the run was started. */
  readonly host: string;
  /** The output file, where there is one. */
  readonly output?: string | undefined;
  /** The command that collects its outcomes, and the folder in which it was given. */
  readonly command?: readonly string[] | undefined;
  readonly folder?: string | undefined;
}

export interface SubmittedChunk {
  /** Names the chunk within its run; letters, digits and dashes. */
  readonly id: string;
  readonly body: Bytes;
  /** Chunks of a lower number leave the queue first. @default 0 */
  readonly priority?: number | undefined;
}

/** A part of the outcome of a chunk: large outcomes come in several. */
export interface OutcomePart {
  /** The chunk. */
  readonly id: string;
  /** The number of the part, from 0. */
  readonly part: number;
  /** How many parts there are. */
  readonly parts: number;
  readonly body: Bytes;
}

/** Runs one chunk and gives the parts of its outcome, at least one. */
export type Work = (chunk: TakenChunk) => Promise<readonly Bytes[]>;

export interface TakenChunk {
  readonly run: string;
  readonly id: string;
  readonly body: Bytes;
  /** How often the chunk was taken, this time included: more than once if workers were lost with it. */
  readonly attempt: number;
  /** Aborts when the chunk is cancelled; what it gives is dropped then. */
  readonly signal: AbortSignal;
}

export interface ServeOptions {
  /** How many chunks are run at the same time. */
  readonly concurrency: number;
  /** How long the last chunks took, on average, in milliseconds; undefined before the first. Told to whoever asks for the state. */
  readonly chunkMs?: (() => number | undefined) | undefined;
}

/** A worker at work. */
export interface Serving {
  /** How many chunks it has in hand. */
  readonly running: number;
  /** Takes nothing more, and resolves when what is in hand is done. */
  stop(): Promise<void>;
}

/** What a broker knows. Counts are of chunks, and a moment old. */
export interface BrokerState {
  readonly runs: readonly RunState[];
  readonly workers: readonly WorkerState[];
}

export interface RunState extends RunRef {
  readonly about: RunAbout;
  /** ISO 8601, UTC, by the broker's clock. */
  readonly startedAt: string;
  readonly isCancelled: boolean;
  /** Chunks that have no outcome yet: those that wait, and those that run. */
  readonly outstanding: number;
  /** Chunks whose outcomes nobody has settled. */
  readonly finished: number;
}

/** One worker of one queue. */
export interface WorkerState {
  readonly queue: string;
  readonly host: string;
  readonly pid: number;
  readonly concurrency: number;
  readonly running: number;
  /** How long its last chunks took, on average, in milliseconds. */
  readonly chunkMs?: number | undefined;
}

/** What a broker is told when it is opened. */
export interface BrokerOptions {
  /**
   * After how many milliseconds without a sign of life a worker counts as lost, so that its chunks go to others. PostgreSQL takes whole
   * seconds, ten at least. All who use a broker should say the same.
   *
   * @default 10000
   */
  readonly leaseMs?: number | undefined;
  /**
   * Told once when the broker cannot be reached, with the reason, and with `undefined` when it is back. Whatever waits for it goes
   * on then.
   */
  readonly onTrouble?: ((reason: string | undefined) => void) | undefined;
}

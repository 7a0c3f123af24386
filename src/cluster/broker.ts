import type { LimitKeeper } from "../batching/shared-limits.ts";

/**
 * An engine that keeps work until it is done, as the cluster lane needs it. There is one implementation for each engine in
 * `brokers/`, none of which knows another; `brokerCases` of `runlane/testing` says what each has to do.
 *
 * A broker runs each chunk at least once, and forgets nothing that was submitted until it is settled. It neither knows what is in
 * chunks and outcomes, nor orders them: whoever reads the outcomes drops what it has already.
 */
export interface Broker extends LimitKeeper {
  /** The name of the broker in messages: `PostgreSQL at db.example:5432`. Holds no password. */
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
  /** Forgets chunks and their outcomes, which are where they belong. */
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
   * @param work Gives the parts of an outcome. An error that it throws puts the chunk back.
   */
  serve(queue: string, work: Work, options: ServeOptions): Promise<Serving>;
  /** The runs that wait or go on, and the workers. */
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

/** Facts about a run, for others to see. */
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
  /** The id of the chunk within its run: letters, digits and dashes. */
  readonly id: string;
  readonly body: Bytes;
  /** Chunks of a lower number leave the queue first. @default 0 */
  readonly priority?: number | undefined;
}

/** A part of the outcome of a chunk: large outcomes come in several. */
export interface OutcomePart {
  /** The id of the chunk. */
  readonly id: string;
  /** The number of the part, from 0. */
  readonly part: number;
  /** The number of parts. */
  readonly parts: number;
  readonly body: Bytes;
}

/** Runs one chunk and gives the parts of its outcome, at least one. */
export type Work = (chunk: TakenChunk) => Promise<readonly Bytes[]>;

export interface TakenChunk {
  readonly run: string;
  readonly id: string;
  readonly body: Bytes;
  /** The number of times that the chunk was taken, this one included: more than one if workers were lost with it. */
  readonly attempt: number;
  /** Aborts when the chunk is cancelled; its outcome is dropped then. */
  readonly signal: AbortSignal;
}

export interface ServeOptions {
  /** The number of chunks that are run at the same time. */
  readonly concurrency: number;
  /** How long the last chunks took, on average, in milliseconds; undefined before the first. Told to whoever asks for the state. */
  readonly chunkMs?: (() => number | undefined) | undefined;
}

/** A worker at work. */
export interface Serving {
  /** The number of chunks that the worker has in hand. */
  readonly running: number;
  /** Takes nothing more, and resolves when the chunks in hand are done. */
  stop(): Promise<void>;
}

/** The state of a broker. Counts are of chunks, and a moment old. */
export interface BrokerState {
  readonly runs: readonly RunState[];
  readonly workers: readonly WorkerState[];
}

export interface RunState extends RunRef {
  readonly about: RunAbout;
  /** When the run was started, by the broker's clock: ISO 8601, UTC. */
  readonly startedAt: string;
  readonly isCancelled: boolean;
  /** The number of chunks that have no outcome yet: those that wait, and those that run. */
  readonly outstanding: number;
  /** The number of chunks whose outcomes nobody has settled. */
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

/** The options of opening a broker. */
export interface BrokerOptions {
  /**
   * The time in milliseconds after which a worker without a sign of life counts as lost, so that its chunks go to others. PostgreSQL takes
   * whole seconds, ten at least. All who use a broker should say the same.
   *
   * @default 10000
   */
  readonly leaseMs?: number | undefined;
  /**
   * Called once when the broker cannot be reached, with the reason, and with `undefined` when it is back. Calls that wait for it go
   * on then.
   */
  readonly onTrouble?: ((reason: string | undefined) => void) | undefined;
}

/** One change to a run log, in the form of a JSON patch (RFC 6902). */
export interface RunLogOp {
  /** Whether the change adds a value or replaces one. */
  op: "add" | "replace";
  /** The place of the change: "" for the whole log, `/logs/NAME/…`, `/streamed_output/-`, `/final_output`. */
  path: string;
  /** The new value. */
  value: unknown;
}

/** The log of a run of a step inside. */
export interface LogEntry {
  /** The id of the run. */
  id: string;
  /** The name of the run. */
  name: string;
  /** The kind of step: `chain`, `llm`, `tool`, `retriever`. */
  type: string;
  /** The tags of the run. */
  tags: string[];
  /** The metadata of the run. */
  metadata: Record<string, unknown>;
  /** When the run started, as an ISO date. */
  start_time: string;
  /** The chunks of the output so far. */
  streamed_output: unknown[];
  /** The same chunks as text, where a model reports text. */
  streamed_output_str: string[];
  /** The input of the run, in logs that events are made of. */
  inputs?: unknown;
  /** The output, once the run has ended; null before. */
  final_output: unknown;
  /** When the run ended, as an ISO date; undefined before. */
  end_time: string | undefined;
}

/** The state of a run: the sum of the patches of its log. */
export interface RunState {
  /** The id of the outermost run. */
  id: string;
  /** The name of the outermost run. */
  name: string;
  /** The kind of step of the outermost run. */
  type: string;
  /** The chunks of the output so far. */
  streamed_output: unknown[];
  /** The output, once the run has ended. */
  final_output: unknown;
  /** The logs of the steps, by name; of several with one name, the second is `NAME:2`. */
  logs: Record<string, LogEntry>;
}

/**
 * Some changes to a run log, as `streamLog` yields them.
 *
 * @example
 * ```ts
 * import { RunnableLambda, RunLogPatch } from "runlane";
 *
 * const chain = RunnableLambda.from((x: number) => x + 1).pipe((x) => x * 2);
 * let log = new RunLogPatch({ ops: [] });
 * for await (const patch of chain.streamLog(1)) log = log.concat(patch);
 * ```
 */
export class RunLogPatch {
  /** The changes, in order. */
  readonly ops: RunLogOp[];

  constructor(fields: { ops: RunLogOp[] }) {
    this.ops = fields.ops;
  }

  /** These changes and those of another patch, with the state that they lead to. */
  concat(other: RunLogPatch): RunLog {
    const ops = [...this.ops, ...other.ops];
    return new RunLog({ ops, state: applyOps(undefined, ops) });
  }
}

/**
 * Changes together with the state that they lead to.
 *
 * @example
 * ```ts
 * import { RunLog, RunnableLambda } from "runlane";
 *
 * let log: RunLog | undefined;
 * for await (const patch of RunnableLambda.from((x: number) => x + 1).streamLog(1)) {
 *   log = log === undefined ? RunLog.fromRunLogPatch(patch) : log.concat(patch);
 * }
 * log?.state.final_output; // { output: 2 }
 * ```
 */
export class RunLog extends RunLogPatch {
  /** The state that the changes lead to. */
  readonly state: RunState;

  constructor(fields: { ops: RunLogOp[]; state: RunState }) {
    super(fields);
    this.state = fields.state;
  }

  override concat(other: RunLogPatch): RunLog {
    return new RunLog({ ops: [...this.ops, ...other.ops], state: applyOps(this.state, other.ops) });
  }

  /** The log that a first patch starts. */
  static fromRunLogPatch(patch: RunLogPatch): RunLog {
    return new RunLog({ ops: patch.ops, state: applyOps(undefined, patch.ops) });
  }
}

type Container = Record<string, unknown> | unknown[];

/** Applies the few kinds of changes that run logs are made of. The state before stays as it is. */
export function applyOps(before: RunState | undefined, ops: readonly RunLogOp[]): RunState {
  let state: unknown = before;
  for (const { path, value } of ops) state = change(state as Container, path.split("/").slice(1), value);
  return (state ?? {}) as RunState;
}

function change(target: Container | undefined, [key, ...rest]: string[], value: unknown): unknown {
  if (key === undefined) return value;
  const name = fromPath(key);
  if (Array.isArray(target)) return name === "-" ? [...target, value] : target.with(Number(name), value);
  const inside =
    target !== undefined && Object.hasOwn(target, name) ? (target[name] as Container | undefined) : undefined;
  return { ...target, [name]: change(inside, rest, value) };
}

/** The name that is part of a path. */
export function fromPath(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** A name as part of a path. */
export function inPath(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

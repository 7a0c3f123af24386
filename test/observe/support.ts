import type { CallbackHandler } from "../../src/index.ts";

/** What handlers were told of one run. */
export interface Told {
  readonly id: string;
  readonly name: string;
  readonly parent: string | undefined;
  readonly inputs: unknown;
  readonly tags: readonly string[];
  /** How the run ended, each time that handlers were told so. */
  readonly ends: ("end" | "error")[];
  output?: unknown;
  error?: unknown;
}

/** A handler that writes down what it is told, at once. */
export function recorder(more: Partial<CallbackHandler> = {}): {
  handler: CallbackHandler;
  runs: Map<string, Told>;
  log: string[];
  problems: string[];
} {
  const runs = new Map<string, Told>();
  const log: string[] = [];
  const problems: string[] = [];
  const end = (how: "end" | "error", id: string): Told | undefined => {
    const run = runs.get(id);
    if (run === undefined) problems.push(`the ${how} of a run that never started`);
    else run.ends.push(how);
    log.push(`${how} ${run?.name}`);
    return run;
  };
  const handler: CallbackHandler = {
    name: "recorder",
    awaitHandlers: true,
    handleChainStart(chain, inputs, id, parent, tags, _metadata, _type, name) {
      const run = { id, name: name ?? chain.id.at(-1), parent, inputs, tags, ends: [] };
      if (runs.has(id)) problems.push(`the id of ${run.name} was there before`);
      const around = runs.get(parent);
      if (parent !== undefined && around === undefined) problems.push(`${run.name} started in an unknown run`);
      if (around !== undefined && around.ends.length > 0) problems.push(`${run.name} started in a run that had ended`);
      runs.set(id, run);
      log.push(`start ${run.name}`);
    },
    handleChainEnd(output, id) {
      const run = end("end", id);
      if (run !== undefined) run.output = output;
    },
    handleChainError(error, id) {
      const run = end("error", id);
      if (run !== undefined) run.error = error;
    },
    ...more,
  };
  return { handler, runs, log, problems };
}

/** Waits until nothing moves any more that does so by promises alone. */
export async function settle(): Promise<void> {
  for (let index = 0; index < 5; index++) await new Promise((resolve) => setImmediate(resolve));
}

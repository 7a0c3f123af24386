/**
 * What the threads and child processes of a worker run: whole chunks, from bytes to bytes. An input on its own costs more to be passed on
 * from the worker's event loop than many a step, and a chunk no more than that.
 */
import "../../runnables/kinds/all.ts";
import type { RunnableConfig } from "../../core/config.ts";
import type { Step } from "../../core/step.ts";
import { coerce, toStep } from "../../runnables/coerce.ts";
import { loadExport } from "../../shipping/functions/load-export.ts";
import type { ModuleRef } from "../../shipping/functions/module-ref.ts";
import type { Bytes } from "../broker.ts";
import { type BytesRun, runBytes } from "./run-bytes.ts";

/** A chunk, and the export that runs it. */
export interface WholeChunk extends BytesRun {
  readonly ref: ModuleRef;
}

const steps = new Map<string, Promise<Step>>();

/** Runs a chunk in this thread. */
export function chunk({ ref, ...run }: WholeChunk, { signal }: RunnableConfig): Promise<readonly Bytes[]> {
  return runBytes(() => stepOf(ref), run, signal, true);
}

function stepOf(ref: ModuleRef): Promise<Step> {
  const key = `${ref.url}#${ref.exportName}`;
  let step = steps.get(key);
  if (step === undefined) {
    step = loadExport(ref).then((exported) => toStep(coerce(exported)));
    steps.set(key, step);
    // The next chunk tries again.
    step.catch(() => steps.delete(key));
  }
  return step;
}

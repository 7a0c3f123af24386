import "../kinds/all.ts";
import type { RunnableConfig } from "../../core/config.ts";
import { openContext, PLAIN, type RunContext } from "../../core/context.ts";
import { runlaneError } from "../../core/errors/errors.ts";
import { withLeftOut } from "../../core/left-out.ts";
import { startCall, streamCall } from "../../core/start-step.ts";
import type { Step } from "../../core/step.ts";
import { type Chunks, SingleChunk } from "../../core/streams/chunks.ts";
import { type Carrier, carrierOf, withoutCarrier } from "../../core/tracing.ts";
import type { StageStep, StepCall } from "../../lanes/stage/stage-step.ts";
import { StepMeter } from "../../observe/step-meter.ts";
import { withinTrace } from "../../observe/trace-context.ts";
import type { ResourceSlot } from "../../resources/slot.ts";
import { findInstance } from "../../shipping/data/find-instance.ts";
import { type Evaluate, reviveTree } from "../../shipping/tree/revive.ts";
import type { ShippedTree } from "../../shipping/tree/ship-tree.ts";
import { requirementsOf, slotsUsedBy } from "../inspect/requirements.ts";

/** A tree of runnables, ready to run in this thread by the classes that made it. */
export async function treeStage(tree: ShippedTree, evaluate?: Evaluate): Promise<StageStep> {
  const step = await reviveTree(tree, evaluate);
  for (const slot of requirementsOf(step).slots) if (slot.declaration.warm) loadEarly(slot);
  const stage: StageStep = {
    ...(tree.plain === true ? onlyPlain(step) : stepStage(step)),
    get resources() {
      return slotsUsedBy(step).map(({ name }) => name);
    },
  };
  const certain = [...requirementsOf(step, { certain: true }).slots];
  if (certain.length > 0) stage.prepare = () => loadAll(certain);
  return stage;
}

function startInTrace(step: Step, input: unknown, call: StepCall): unknown {
  const carrier = carrierOf(call.config);
  if (carrier === undefined) return startCall(step, input, contextOf(call));
  return withinTrace(carrier, () => startCall(step, input, contextOf(call)));
}

function streamInTrace(step: Step, input: unknown, call: StepCall): Chunks<unknown> {
  const chunks = streamCall(step, new SingleChunk(input), contextOf(call));
  const carrier = carrierOf(call.config);
  return carrier === undefined ? chunks : iterateInTrace(carrier, chunks);
}

/** The code of a generator runs when its chunks are asked for. */
function iterateInTrace(carrier: Carrier, chunks: Chunks<unknown>): AsyncIterable<unknown> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = withinTrace(carrier, () => chunks[Symbol.asyncIterator]());
      return {
        next: () => withinTrace(carrier, () => iterator.next()),
        return: async (value) => (await iterator.return?.(value)) ?? { done: true, value: undefined },
      };
    },
  };
}

function loadAll(slots: readonly ResourceSlot[]): Promise<unknown> | undefined {
  const missing = slots.filter(({ live }) => live === null);
  return missing.length === 0 ? undefined : Promise.all(missing.map(async (slot) => slot.use()));
}

/** A step of this thread as a stage. */
export function stepStage(step: Step): StageStep {
  return {
    run: (input, call) => startInTrace(step, input, call),
    stream: (input, call) => streamInTrace(step, input, call),
    meter: () => new StepMeter(step),
    async warm() {
      const { warmRunnable } = await import("../inspect/warm.ts");
      await warmRunnable(step, {});
    },
  };
}

/** Begins a load. If it fails, the functions that use the resource get the error. */
function loadEarly(slot: ResourceSlot): void {
  try {
    slot.use();
  } catch {
    // As above: a loader may throw at once.
  }
}

/**
 * The stage of a step that `auto` has moved here: its outputs must arrive as they are, because nobody knows of the move. Errors of
 * classes that only this thread has would not either.
 */
function onlyPlain(step: Step): StageStep {
  const run = (input: unknown, call: StepCall): unknown => {
    try {
      return plain(startInTrace(step, input, call), "output");
    } catch (error) {
      throw plain(error, "error");
    }
  };
  return {
    run,
    async *stream(input, call) {
      yield run(input, call);
    },
    meter: () => new StepMeter(step),
  };
}

/** @throws RUNLANE_NOT_PLAIN */
function plain<T>(value: T, root: string): T {
  const found = findInstance(value, root);
  if (found === undefined) return value;
  throw runlaneError("RUNLANE_NOT_PLAIN", { path: found.path, className: found.className });
}

/** The contexts of inputs, by config, or by call where that has a signal or a meter of its own. */
const contexts = new WeakMap<object, RunContext>();

function contextOf(call: StepCall): RunContext {
  const { config, signal, meter } = call;
  if (config === undefined && signal === undefined && meter === undefined) return PLAIN;
  const key = signal === undefined && meter === undefined ? (config as object) : call;
  let context = contexts.get(key);
  if (context === undefined) {
    const around = withLeftOut(withoutCarrier(config as RunnableConfig | undefined));
    const opened = openContext(signal === undefined ? around : { ...around, signal });
    context = meter === undefined ? opened : opened.with({ observer: meter });
    contexts.set(key, context);
  }
  return context;
}

import "../../runnables/kinds.ts";
import { Whole } from "../../core/chunks.ts";
import type { RunnableConfig } from "../../core/config.ts";
import { openContext, PLAIN, type RunContext } from "../../core/context.ts";
import { startCall, streamCall } from "../../core/start-step.ts";
import { fromNode } from "../../runnables/registry.ts";
import { reviveTree } from "../../shipping/revive.ts";
import type { ShippedTree } from "../../shipping/tree.ts";
import { stayOnLoop } from "../lazy-lane.ts";
import type { StepCall, WorkerStep } from "./stages.ts";

// A module that a worker imports may give its steps lanes. They are where they wanted to be.
stayOnLoop();

/** A tree of runnables, ready to run in this worker by the classes that made it. Loading it loads the kernel. */
export async function treeStage(tree: ShippedTree): Promise<WorkerStep> {
  const step = await reviveTree(tree, fromNode);
  return {
    run: (input, call) => startCall(step, input, contextOf(call)),
    stream: (input, call) => streamCall(step, new Whole(input), contextOf(call)),
  };
}

/** Inputs that share a config share a context. */
const contexts = new WeakMap<object, RunContext>();

function contextOf({ config, signal }: StepCall): RunContext {
  if (signal !== undefined) return openContext({ ...(config as RunnableConfig | undefined), signal });
  if (config === undefined) return PLAIN;
  let context = contexts.get(config as object);
  if (context === undefined) {
    context = openContext(config as RunnableConfig);
    contexts.set(config as object, context);
  }
  return context;
}

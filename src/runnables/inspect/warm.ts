import { raceWithSignal } from "../../core/signal.ts";
import { lookInto } from "../../core/stack-overflow.ts";
import type { WarmOptions } from "../../resources/status.ts";
import { isRunnable } from "../coerce.ts";
import { requirementsOf } from "./requirements.ts";

/** Counts the parts that are loaded, and those that are ready. */
class Progress {
  private readonly parts = new Map<object, { done: number; total: number }>();

  constructor(private readonly onProgress: WarmOptions["onProgress"]) {}

  expect(part: object): void {
    this.parts.set(part, { done: 0, total: 1 });
  }

  report(part: object, name: string, where: string, done = 1, total = 1): void {
    this.parts.set(part, { done, total });
    const sums = { done: 0, total: 0 };
    for (const one of this.parts.values()) {
      sums.done += one.done;
      sums.total += one.total;
    }
    this.onProgress?.({ ...sums, name, where });
  }
}

/** Loads everything that a runnable uses, in parallel, on each thread that serves it. */
export async function warmRunnable(runnable: object, { onProgress, signal }: WarmOptions): Promise<void> {
  signal?.throwIfAborted();
  await raceWithSignal(warmAll(runnable, new Progress(onProgress)), signal);
}

async function warmAll(runnable: object, progress: Progress): Promise<void> {
  const { slots, stages, modules } = lookInto("warm", () => requirementsOf(runnable));
  for (const part of [...slots, ...stages, ...modules.keys()]) progress.expect(part);
  await Promise.all([
    ...Array.from(slots, async (slot) => {
      await slot.use();
      progress.report(slot, slot.name, "loop");
    }),
    ...stages.map((need) => {
      const { lane, stage } = need;
      return lane.warm(stage, {
        onProgress: (done, total) => progress.report(need, stage.label, lane.name, done, total),
      });
    }),
    ...Array.from(modules, async ([preload, name]) => {
      const exported = await preload.load();
      progress.report(preload, name, "loop");
      if (isRunnable(exported)) await warmAll(exported, progress);
    }),
  ]);
}

import { liveWorkers } from "../lanes/worker-handle/live-workers.ts";
import type { WorkerHandle } from "../lanes/worker-handle/worker-handle.ts";
import { onBeat } from "../observe/beat.ts";
import { framesOf, placeText, userFrame } from "./frames.ts";
import { HoldJudge } from "./hold-judge.ts";
import { ownFolders } from "./package-folders.ts";
import type { BlockedReport } from "./report.ts";

/** The time to wait for a stack, in milliseconds. A thread that computes tells it in a few; native code does not until it returns. */
const PATIENCE_MS = 250;

interface Looked {
  readonly judge: HoldJudge;
  /** The input that the worker was at. */
  at: string;
  /** The number of times that this has changed. */
  beat: number;
  told: BlockedReport | undefined;
}

/** Finds, from the main thread, worker threads of lanes that have been in one input's function for long. */
export class LaneWatch {
  private readonly looked = new WeakMap<WorkerHandle, Looked>();
  /** Ends the watch. */
  readonly stop: () => void;

  private readonly everyMs: number;

  /**
   * @param thresholdMs The time after which a held thread is reported, in milliseconds.
   * @param beatMs,beatsPerLook It looks once in so many beats.
   */
  constructor(
    private readonly thresholdMs: number,
    beatMs: number,
    beatsPerLook: number,
    private readonly report: (report: BlockedReport) => void,
  ) {
    this.everyMs = beatMs * beatsPerLook;
    this.stop = onBeat(beatMs, () => this.look(), beatsPerLook);
  }

  private look(): void {
    for (const worker of liveWorkers) {
      const looked = this.lookedAt(worker);
      const verdict = looked.judge.look({ now: performance.now(), beat: looked.beat });
      if (verdict?.kind === "held") this.held(worker, looked, verdict.heldMs);
      else if (verdict !== undefined && looked.told !== undefined) {
        this.report({ ...looked.told, phase: "released", heldMs: verdict.heldMs });
        looked.told = undefined;
      }
    }
  }

  private lookedAt(worker: WorkerHandle): Looked {
    const { running } = worker;
    const at = running === undefined ? "" : `${running.chunk}/${running.index}`;
    let looked = this.looked.get(worker);
    if (looked === undefined) {
      looked = { judge: new HoldJudge(this.thresholdMs, this.everyMs), at, beat: 0, told: undefined };
      this.looked.set(worker, looked);
    }
    // An idle worker is held by nobody.
    if (at === "" || at !== looked.at) looked.beat++;
    looked.at = at;
    return looked;
  }

  private async held(worker: WorkerHandle, looked: Looked, heldMs: number): Promise<void> {
    const { beat } = looked;
    const step = worker.running?.label;
    const lines = await worker.stack(PATIENCE_MS);
    if (looked.beat !== beat) return;
    const frames = framesOf((lines ?? []).join("\n"), ownFolders);
    const frame = userFrame(frames);
    looked.told = {
      phase: "held",
      thread: "lane",
      step,
      place: frame && placeText(frame),
      stack: frames.map(({ text }) => text),
      heldMs,
      state: "unknown",
    };
    this.report(looked.told);
  }
}

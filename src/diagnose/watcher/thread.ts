import { writeSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { BroadcastChannel, parentPort, workerData } from "node:worker_threads";
import { framesOf, placeText, userFrame } from "../frames.ts";
import { HoldJudge } from "../hold-judge.ts";
import { MARK } from "../marks.ts";
import { type BlockedReport, HELD_CHANNEL, reportText } from "../report.ts";
import { isAtBreakpoint } from "./breakpoint.ts";
import { type Answer, askMainThread } from "./main-stack.ts";
import { HeldState, starvedMs, threadState } from "./thread-state.ts";

/** The entry of the watching thread. */

/** The data that the thread is started with. */
export interface WatcherData {
  readonly marks: Int32Array;
  readonly thresholdMs: number;
  readonly everyMs: number;
  /** The folders of Runlane, whose frames nobody wants to see. */
  readonly own: readonly string[];
}

/** A message to the thread: the label of a mark, or whether it prints reports. */
export type ToWatcher = { readonly mark: number; readonly label: string } | { readonly prints: boolean };

/** A thread that answers answers within this, in milliseconds. Native code does not until it returns. */
const PATIENCE_MS = 250;
/** A thread that computes and waits by turns is told of after so many questions, by what it does for the most part. */
const MAX_ASKS = 8;

const { marks, thresholdMs, everyMs, own } = workerData as WatcherData;
const labels = new Map<number, string>();
let prints = false;
parentPort!.on("message", (message: ToWatcher) => {
  if ("mark" in message) labels.set(message.mark, message.label);
  else prints = message.prints;
});

/** Threads that want to know at once, and not when the one that is held can tell them. */
const others = new BroadcastChannel(HELD_CHANNEL);
others.unref();

const judge = new HoldJudge(thresholdMs, everyMs);
const state = new HeldState(threadState);
/** The last report on the hold that goes on. */
let told: BlockedReport | undefined;
let asking = false;
/** Tells of the end of the last hold, once the question about it is answered. */
let release: (() => void) | undefined;
/** The beat at which a debugger held the thread, the last time that one did. */
let debuggedBeat: number | undefined;

setInterval(() => {
  const beat = Atomics.load(marks, MARK.beat);
  state.look(beat);
  const verdict = judge.look({ now: performance.now(), beat, starvedMs: starvedMs() });
  if (verdict?.kind === "released") released(verdict.heldMs);
  else if (verdict !== undefined) held(verdict.heldMs);
}, everyMs);
parentPort!.postMessage("ready");

/** @param asks How often the thread was asked before: while it cannot be told what it does, it is asked again. */
function held(heldMs: number, asks = 0): void {
  const beat = marks[MARK.beat];
  if (asking || beat === debuggedBeat) return;
  asking = true;
  const isSame = (): boolean => Atomics.load(marks, MARK.beat) === beat;
  const asked = performance.now();
  const base = { phase: "held", thread: "main" } as const;
  const sinceMs = (): number => heldMs + performance.now() - asked;
  // At a breakpoint the thread waits in the system, and answers at once: that it runs nothing.
  const timer = setTimeout(() => {
    if (isSame() && marks[MARK.debugged] === 0)
      tell({ ...base, state: state.mostly, step: labels.get(marks[MARK.step]!), stack: [], heldMs: sinceMs() });
  }, PATIENCE_MS);
  askMainThread(marks, (answer) => {
    clearTimeout(timer);
    asking = false;
    if (answer !== undefined && told === undefined && isSame() && !state.isSettled && asks < MAX_ASKS) {
      setTimeout(() => {
        if (isSame()) held(sinceMs(), asks + 1);
      }, everyMs);
      release?.();
      return;
    }
    if (answer !== undefined && isAtBreakpoint(state.lately, answer.stack)) debuggedBeat = beat;
    const report = beat === debuggedBeat ? undefined : answer && reportOf(answer);
    if (report !== undefined) {
      if (isSame()) tell({ ...base, ...report, state: state.mostly, heldMs: sinceMs() });
      // Native code has returned: its line is known now, and how long it went on is told at the end.
      else if (told !== undefined) told = { ...told, ...report };
    }
    release?.();
  });
}

/** The report that an answer makes; undefined when no code was running. */
function reportOf({
  stack,
  current,
  context,
}: Answer): Omit<BlockedReport, "phase" | "thread" | "heldMs" | "state"> | undefined {
  const others = framesOf(stack, own);
  const frames = others.length > 0 ? others : framesOf(stack, []);
  const frame = userFrame(frames);
  if (frame === undefined) return undefined;
  return {
    step: current?.step ?? labels.get(marks[MARK.step]!),
    input: current?.input,
    runId: current?.runId,
    place: placeText(frame),
    stack: frames.map(({ text }) => text),
    context,
  };
}

function released(heldMs: number): void {
  release = () => {
    release = undefined;
    if (told === undefined) return;
    const report: BlockedReport = { ...told, phase: "released", heldMs };
    told = undefined;
    send(report);
  };
  if (!asking) release();
}

function tell(report: BlockedReport): void {
  told = report;
  send(report);
}

function send(report: BlockedReport): void {
  parentPort!.postMessage(report);
  others.postMessage(report);
  if (!prints) return;
  try {
    writeSync(2, `${reportText(report)}\n`);
  } catch {
    // A pipe that is full or closed: the report is lost, and the process goes on.
  }
}

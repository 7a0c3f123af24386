import type { StepTimes } from "../../core/observer.ts";
import type { ResourceStatus } from "../../resources/status.ts";
import type { ShippedResource } from "../../shipping/tree/ship-resource.ts";

/** The messages between the parent and a worker. Types only: the two sides share no code. */

/** Calls of one stage that travel together. */
export interface RunMessage {
  readonly type: "run";
  readonly chunk: number;
  readonly stage: number;
  readonly inputs: readonly unknown[];
  /** The number of the slot in shared memory that has the claims of the inputs. */
  readonly claimSlot: number;
  /** The config of all inputs, or a list with one for each input when they differ. */
  readonly config?: unknown;
  readonly configs?: readonly unknown[];
  /** The positions of the inputs that may be cancelled: they get a signal of their own. */
  readonly watched?: readonly number[];
  /** Whether all inputs may be cancelled, together: they share a signal. */
  readonly together?: boolean;
  /** Whether the worker is to report the times of the steps. */
  readonly measured?: boolean;
  /** Whether an input has a timeout: then the worker says when each one starts. */
  readonly timed: boolean;
}

export type ToWorker =
  | { readonly type: "stage"; readonly stage: number; readonly label: string; readonly shipped: unknown }
  | { readonly type: "forget"; readonly stage: number }
  /** Load the stage and what it uses. */
  | { readonly type: "warm"; readonly stage: number }
  /** A resource has got a new version. */
  | { readonly type: "renew"; readonly shipped: ShippedResource }
  | RunMessage
  | { readonly type: "cancel"; readonly chunk: number; readonly index: number; readonly reason: unknown }
  | {
      readonly type: "open";
      readonly stream: number;
      readonly stage: number;
      readonly input: unknown;
      readonly config: unknown;
      /** The number of chunks that may be on their way or unread at any time. */
      readonly credit: number;
    }
  | { readonly type: "credit"; readonly stream: number; readonly count: number }
  | { readonly type: "leave"; readonly stream: number; readonly reason?: unknown }
  /** Dispose of what has to be, for so many milliseconds at most, and end. */
  | { readonly type: "stop"; readonly withinMs: number };

/** The outcomes of some inputs of a chunk. */
export interface ReportMessage {
  readonly type: "report";
  readonly chunk: number;
  /** The positions of the values in the chunk; without it they follow each other, beginning at `from`. */
  readonly indices?: readonly number[] | undefined;
  readonly from: number;
  readonly values: readonly unknown[];
  /** The places of the values that are errors. */
  readonly failed?: readonly number[] | undefined;
  /** For each error, the number of the step that it came from; measured chunks only. */
  readonly blamed?: readonly number[] | undefined;
  /** The times of the steps since the last report; measured chunks only. */
  readonly steps?: readonly StepTimes[] | undefined;
  /** The number of inputs of the chunk that have started. */
  readonly started: number;
  /** Whether all functions of the chunk have returned, so that only promises are still to come. */
  readonly returned: boolean;
  /** The time that the worker was busy since its last report, in milliseconds. */
  readonly busyMs: number;
  /** The CPU time of the worker since its last report, in milliseconds; 0 where Node cannot tell. */
  readonly cpuMs: number;
}

/** The new state of a resource in a worker. */
export interface ResourceMessage {
  readonly type: "resource";
  readonly status: ResourceStatus;
  /** Whether the resource has to be disposed of when the worker ends. */
  readonly isDisposable: boolean;
  /** The time that a load of the resource may take, in milliseconds. */
  readonly timeoutMs: number;
}

export type FromWorker =
  | { readonly type: "ready" }
  | { readonly type: "loading"; readonly stage: number }
  /** `resources`: the names of those that the stage uses, which the parent cannot know when a module declares them. */
  | { readonly type: "loaded"; readonly stage: number; readonly resources: readonly string[] }
  | { readonly type: "unloadable"; readonly stage: number; readonly error: unknown }
  | { readonly type: "warmed"; readonly stage: number; readonly error?: unknown }
  | ResourceMessage
  /** A hint at something that could be better, in the resources of the worker or in a stage. */
  | { readonly type: "hint"; readonly text: string; readonly stage?: number }
  | ReportMessage
  | { readonly type: "chunks"; readonly stream: number; readonly values: readonly unknown[] }
  | { readonly type: "end"; readonly stream: number; readonly failed: boolean; readonly error?: unknown }
  /** The last words of a worker: why it ends, and which input it was running, if any. */
  | { readonly type: "dying"; readonly error?: unknown; readonly chunk: number; readonly index: number };

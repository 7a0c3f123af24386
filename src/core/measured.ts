import { isMeasuring, measureCalls } from "./ambient.ts";
import { includes, type Observer, pairOf } from "./observer.ts";
import type { Step } from "./step.ts";

/** The observers that measure the calls made on a step. As a rule there are none, so steps have no field for them. */
const observers = new WeakMap<Step, readonly Observer[]>();

/**
 * Has calls made on a step observed, whatever their config. Calls in which the step is one of several do not count.
 *
 * @returns What ends it. A second time it does nothing.
 */
export function observeCallsOn(step: Step, observer: Observer): () => void {
  observers.set(step, [...(observers.get(step) ?? []), observer]);
  measureCalls(1);
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    measureCalls(-1);
    const rest = observers.get(step)!.filter((one) => one !== observer);
    if (rest.length > 0) observers.set(step, rest);
    else observers.delete(step);
  };
}

/** The observers of all calls. */
const everywhere = new Set<Observer>();

/**
 * Has all calls observed, whatever they are made on.
 *
 * @returns What ends it. A second time it does nothing.
 */
export function observeAllCalls(observer: Observer): () => void {
  everywhere.add(observer);
  measureCalls(1);
  return () => {
    if (everywhere.delete(observer)) measureCalls(-1);
  };
}

/** Whether an observer measures the calls made on a step. */
export function isMeasured(step: Step | undefined): boolean {
  if (!isMeasuring()) return false;
  for (const one of everywhere) if (one.wantsCalls !== false) return true;
  return step !== undefined && observers.has(step.observedAs ?? step);
}

/** The observer of a call on a step, besides that of the call around it. */
export function observerOfCalls(step: Step | undefined, around: Observer | null): Observer | null {
  if (!isMeasured(step)) return around;
  let observer = around;
  const ofStep = step === undefined ? [] : (observers.get(step.observedAs ?? step) ?? []);
  for (const each of ofStep) {
    const one = each.forCall?.() ?? each;
    observer = observer === null ? one : pairOf(one, observer);
  }
  // A call made with the config of the call around it brings those along.
  for (const one of everywhere)
    if (one.wantsCalls === false) continue;
    else if (observer === null) observer = one;
    else if (!includes(observer, one)) observer = pairOf(one, observer);
  return observer;
}

import { BRANCHES, CONFIG, DATA, ERRORS, type Field, FUNCTION, refused, STEP, STEP_MAP, STEPS } from "./fields.ts";

type Fields = Readonly<Record<string, Field>>;

const NAMED: Fields = { name: DATA };

const BOUND: Fields = {
  bound: STEP,
  config: CONFIG,
  kwargs: CONFIG,
  configFactories: refused(
    "has listeners, which stay in the thread that they listen in; add them around the step with the lane",
  ),
};

/** The kinds of runnables that travel, and how each of their fields does. */
const KINDS: Readonly<Record<string, Fields>> = {
  assign: { ...NAMED, mapper: STEP },
  binding: BOUND,
  branch: { ...NAMED, branches: BRANCHES, default: STEP },
  each: { ...NAMED, bound: STEP },
  fallbacks: { ...NAMED, runnable: STEP, fallbacks: STEPS, exceptionsToHandle: ERRORS, exceptionKey: DATA },
  generator: { ...NAMED, transform: FUNCTION },
  lambda: { ...NAMED, func: FUNCTION },
  parallel: { ...NAMED, steps: STEP_MAP },
  passthrough: { ...NAMED, func: FUNCTION },
  pick: { ...NAMED, keys: DATA },
  retry: { ...NAMED, ...BOUND, maxAttemptNumber: DATA, onFailedAttempt: FUNCTION, retryIf: FUNCTION, backoff: DATA },
  router: { ...NAMED, runnables: STEP_MAP },
  sequence: { ...NAMED, steps: STEPS, omitSequenceTags: DATA },
  batchFunction: { ...NAMED, func: FUNCTION },
};

/** Why other kinds do not. */
const STAYING: Readonly<Record<string, string>> = {
  batched:
    "gathers the inputs of all calls of this thread; give the lane to its function: RunnableLambda.batched(func, { lane })",
  configurableAlternatives:
    "chooses between alternatives that stand in this thread; choose around the steps with lanes",
  configurableFields: "has fields to be configured, whose runnable is built in this thread",
  foreign: "is LangChain's, and its inside is not known",
  limits:
    "has limits that all calls of this thread share; put withLimits around the step with the lane, or limit the lane itself: threads({ max })",
  remembers: "keeps a history of messages, which is read and written in this thread",
  tool: "checks its input by a schema, and schemas are functions of this thread",
  typed:
    "checks values by schemas, and schemas are functions of this thread; put withTypes around the step with the lane",
};

/** The fields of a kind, by name. None for a kind that does not travel. */
export function fieldsOf(kind: string): Fields | undefined {
  return Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
}

/** Why a kind does not travel. */
export function whyStaying(kind: string): string | undefined {
  return Object.hasOwn(STAYING, kind) ? STAYING[kind] : undefined;
}

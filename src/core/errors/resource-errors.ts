import type { ErrorRow } from "./table.ts";

/** Errors of resources. */
export const RESOURCE_ERRORS = {
  RUNLANE_RESOURCE_LOAD: {
    message: "The resource {name} could not be loaded: {reason}.",
    fix: "Look at the cause of the error and correct the loader. The next use loads again, after the back-off that `retry` says.",
  },
  RUNLANE_RESOURCE_TIMEOUT: {
    message: "The resource {name} was not loaded after {timeoutMs} ms.",
    fix: "Let the loader end when its `signal` aborts, or raise `timeoutMs` of the resource.",
  },
  RUNLANE_RESOURCE_CYCLE: {
    message: "Resources wait for each other: {cycle}.",
    fix: "Break the circle: put what both need into a third resource.",
  },
  RUNLANE_RESOURCE_CONFLICT: {
    message: "There is a resource {name} already, with {difference}.",
    fix: "Give each its own name, declare a resource once at the top of a module, or give a new `version` to one that takes the place of the other.",
  },
  RUNLANE_RESOURCE_SCOPE: {
    message: "{where} uses the resource {name}, which has the scope {scope} and cannot be had in the {lane} lane.",
    fix: 'Keep the step on the loop (or in threads, if it is "shared"), or give the resource the scope "worker", so that each worker loads its own.',
  },
  RUNLANE_RESOURCE_NOT_SHAREABLE: {
    message: "The resource {name} cannot be shared between threads: {problem}.",
    fix: 'Return typed arrays from the loader, or give the resource the scope "worker".',
  },
  RUNLANE_RESOURCE_DISPOSE: {
    message: "The resource {name} could not be disposed of: {reason}.",
    fix: "Look at the cause of the error and correct the function.",
  },
} as const satisfies Record<string, ErrorRow>;

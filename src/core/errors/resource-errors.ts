import type { ErrorRow } from "./table.ts";

/** Errors of resources. */
export const RESOURCE_ERRORS = {
  RUNLANE_RESOURCE_LOAD: {
    message: "The resource {name} could not be loaded: {reason}.",
    cause:
      "The loader of a resource threw, rejected, or ended its worker. All who waited for it got this error, with what the loader threw as its cause.",
    fix: "Look at the cause of the error and correct the loader. The next use loads again, after the back-off that `retry` says.",
  },
  RUNLANE_RESOURCE_TIMEOUT: {
    message: "The resource {name} was not loaded after {timeoutMs} ms.",
    cause:
      "The loader of a resource did not settle in time: it waits for something that does not come, or needs longer.",
    fix: "Let the loader end when its `signal` aborts, or raise `timeoutMs` of the resource.",
  },
  RUNLANE_RESOURCE_CYCLE: {
    message: "Resources wait for each other: {cycle}.",
    cause:
      "A resource uses another one that uses the first one, itself or through others, so none of them can ever be loaded.",
    fix: "Break the circle: put what both need into a third resource.",
  },
  RUNLANE_RESOURCE_CONFLICT: {
    message: "There is a resource {name} already, with {difference}.",
    cause:
      "Two resources have one name, and their loaders differ, or one is made of the variables around it and is made again and again.",
    fix: "Give each its own name, declare a resource once at the top of a module, or give a new `version` to one that takes the place of the other.",
  },
  RUNLANE_RESOURCE_SCOPE: {
    message: "{where} uses the resource {name}, which has the scope {scope} and cannot be had in the {lane} lane.",
    cause:
      'A resource with scope "process" exists on the event loop only, and one with scope "shared" in threads only: processes share no memory.',
    fix: 'Keep the step on the loop (or in threads, if it is "shared"), or give the resource the scope "worker", so that each worker loads its own.',
  },
  RUNLANE_RESOURCE_NOT_SHAREABLE: {
    message: "The resource {name} cannot be shared between threads: {problem}.",
    cause:
      'A loader with scope "shared" must give ArrayBuffers, typed arrays, or plain data with some of them in it; nothing else can be in the memory of several threads.',
    fix: 'Return typed arrays from the loader, or give the resource the scope "worker".',
  },
  RUNLANE_RESOURCE_DISPOSE: {
    message: "The resource {name} could not be disposed of: {reason}.",
    cause: "The `dispose` function of a resource threw or rejected. The resource counts as disposed all the same.",
    fix: "Look at the cause of the error and correct the function.",
  },
} as const satisfies Record<string, ErrorRow>;

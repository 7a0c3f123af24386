import type { ErrorRow } from "./table.ts";

/** Errors of runs on several machines. */
export const CLUSTER_ERRORS = {
  RUNLANE_BROKER: {
    message: "The broker, {broker}, cannot be used: {reason}.",
    fix: "Do what the message says, or pass another URL.",
  },
  RUNLANE_BROKER_UNREACHABLE: {
    message: "The broker, {broker}, cannot be reached: {reason}.",
    fix: "Start the server, or correct host and port.",
  },
  RUNLANE_BROKER_URL: {
    message:
      "{received} is no URL of a broker; there are postgres://, postgresql://, redis://, rediss:// and embedded:.",
    fix: "Correct the URL, or pass embedded: to have a database started in the folder of the project.",
  },
  RUNLANE_RUN_CANCELLED: {
    message: "The run {run} was cancelled.",
    fix: "Start it again; with --resume it goes on where its records end.",
  },
  RUNLANE_NO_CLUSTER_STEP: {
    message: "{where}: {what} cannot run on another machine, because code does not travel there.",
    fix: 'Export it from a module, use RunnableLambda.fromModule(new URL("./module.js", import.meta.url), "name"), and give runlane worker that module.',
  },
  RUNLANE_REFERENCE: {
    message: "The worker cannot read the input at {input}: {reason}.",
    fix: "Give runlane worker the folder by --root, as the batch sees it from its working folder, and run the inputs that have failed again.",
  },
  RUNLANE_VALUE_TOO_LARGE: {
    message: "{where} is {megabytes} MB, and {limit} MB is the most that travels through a broker.",
    fix: "Pass a reference instead (a path, the key of an object) and read it in the step.",
  },
} as const satisfies Record<string, ErrorRow>;

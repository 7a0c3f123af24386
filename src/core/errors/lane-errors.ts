import type { ErrorRow } from "./table.ts";

/** Errors of lanes, and of steps and data that have to get to a worker and back. */
export const LANE_ERRORS = {
  RUNLANE_WORKER_CRASHED: {
    message: "{where} ended the worker that ran it: {reason}.",
    fix: "Correct what the function does with this input, raise resourceLimits, or use the process lane for native code.",
  },
  RUNLANE_WORKER_START: {
    message: "{where} could not be started in a worker of the {lane} lane: {reason}.",
    fix: "Look at the cause of the error, at the module of the step, and at the pool's env, execArgv and resourceLimits.",
  },
  RUNLANE_UNKNOWN_LANE: {
    message: 'There is no lane {received}; the lanes are "loop", "thread", "process", threads() and processes().',
    fix: "Correct the name, or pass a lane that threads() or processes() made.",
  },
  RUNLANE_LANE_CLOSED: {
    message: "{where} cannot run: the {lane} lane is closed.",
    fix: "Close a lane after its last call, or make a new one.",
  },
  RUNLANE_QUEUE_FULL: {
    message: "{where} cannot run now: {queued} calls wait for a worker of the {lane} lane, as many as maxQueue allows.",
    fix: "Make fewer calls at once (config.maxConcurrency), try again later, or raise max or maxQueue.",
  },
  RUNLANE_NO_THREADS: {
    message: "The {lane} lane needs {needed}, which this platform does not have.",
    fix: 'Use the lane "loop" there.',
  },
  RUNLANE_BUNDLED: {
    message: "Runlane was bundled, and {where} misses a file, {file}.",
    fix: "Bundle with the plugin of runlane/bundler (esbuild, Rollup, Vite), or keep runlane out of the bundle and install it beside it: external, serverExternalPackages of Next, --external runlane of Bun. docs/bundlers.md says what works with each bundler.",
  },
  RUNLANE_CAPTURED_VARIABLE: {
    message: "{where}: {func} cannot run in another thread, because it uses {variables} from around it.",
    fix: 'Move it to a module of its own and use RunnableLambda.fromModule(new URL("./module.js", import.meta.url), "name"), or declare what it needs with `uses: { name }` and read it from config.uses.',
  },
  RUNLANE_NOT_SHIPPABLE: {
    message: "{where}: {what} cannot run in another thread, because it {reason}.",
    fix: 'Export it from a module and use RunnableLambda.fromModule(new URL("./module.js", import.meta.url), "name"), or keep the step on the loop.',
  },
  RUNLANE_NOT_PLAIN: {
    message: "The {path} of a step on the lane auto is of the class {className}, and would arrive as a plain object.",
    fix: "Nothing: the step has run. Register the class with registerClass to let such steps move.",
  },
  RUNLANE_MODULE_NOT_FOUND: {
    message: "{where}: there is no file {url}.",
    fix: 'Give it new URL("./module.js", import.meta.url), with the path from the file that it stands in. Bundlers leave such a module behind, or move it, without the plugin of runlane/bundler: docs/bundlers.md says what helps.',
  },
  RUNLANE_EXPORT_NOT_FOUND: {
    message: "{where} needs a function or a runnable {name} of {url}, which {received}; its exports are: {exports}.",
    fix: 'Correct the name (a default export is called "default"), or export the function.',
  },
  RUNLANE_NOT_SERIALIZABLE: {
    message: "{where} cannot be sent to another thread or process: {path} is {received}.",
    fix: "Send plain data, make that object in the step itself (RunnableLambda.fromModule), register its class with registerClass, or keep the step on the loop.",
  },
  RUNLANE_CONFIG_LEFT_OUT: {
    message: "{path} was not sent to the worker, because {reason}.",
    fix: "Read it before the step and put what the step needs into its input or configurable, make it in the step itself (uses, resource), or keep the step on the loop.",
  },
  RUNLANE_UNKNOWN_CLASS: {
    message:
      "An instance of {name} arrived from another thread or process, but no class of that name is registered here.",
    fix: "Call registerClass in the module that defines the class, and import that module in the step's module too.",
  },
  RUNLANE_INSPECTOR: {
    message: "The page of the inspector cannot be served at {host}, port {port}: {reason}.",
    fix: "Choose another port, or 0 for any.",
  },
  RUNLANE_WATCH_THREAD: {
    message: "{where} watches the event loop of the main thread, and was called in a worker thread.",
    fix: "Call it in the main thread. Worker threads of lanes are watched from there.",
  },
  RUNLANE_BLOCKING_CALL: {
    message: "{call} was called in the step {where}, and would hold the event loop; there is {counterpart}.",
    fix: "Await the asynchronous function, give the step a lane, or name the call or the step in `allow`.",
  },
  RUNLANE_LOOP_HELD: {
    message: "The step {where} held the event loop for {heldMs} ms, of {maxMs} ms that are allowed, at {place}.",
    fix: "Give the step a lane, cut its work into pieces, raise `maxMs`, or name the step in `allow`.",
  },
} as const satisfies Record<string, ErrorRow>;

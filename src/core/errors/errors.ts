/**
 * One row per error that Runlane itself raises: what it says, why it happens and what to do about it. The codes are stable:
 * programs may compare them. `docs/errors.md` shows the same table.
 */
export const ERROR_TABLE = {
  RUNLANE_NOT_RUNNABLE: {
    message: "{where} must be a Runnable, a function or a plain object of those, but it is {received}.",
    cause: "Something that cannot be a step was used as one: an array, a string, `undefined` from a missing import.",
    fix: "Pass a Runnable, a function, or an object whose values are those (it becomes a RunnableParallel).",
  },
  RUNLANE_INVALID_STEPS: {
    message: "{where} needs {expected}, but it got {received}.",
    cause: "A runnable was built from the wrong number or kind of parts.",
    fix: "Check the arguments against the example in the class's documentation.",
  },
  RUNLANE_INVALID_OPTION: {
    message: "{where}: {option} must be {expected}, but it is {received}.",
    cause: "A runnable was built with an option of the wrong type or out of range.",
    fix: "Correct the option, or leave it out to get its default.",
  },
  RUNLANE_INVALID_CONFIG: {
    message: "config.{key} must be {expected}, but it is {received}.",
    cause: "An option given to invoke, batch, stream or withConfig has the wrong type or is out of range.",
    fix: "Correct the option, or leave it out to get its default.",
  },
  RUNLANE_CONFIG_COUNT: {
    message: "A batch of {inputs} inputs got {configs} configs; an array of configs needs one per input.",
    cause: "batch was given an array of configs whose length differs from the inputs'.",
    fix: "Pass one config for all inputs, or an array with exactly one config per input.",
  },
  RUNLANE_INVALID_INPUT: {
    message: "{where} expects {expected} as its input, but it got {received}.",
    cause: "A runnable that needs a certain shape of input was given another one.",
    fix: "Look at the output of the step before it, or at the input of the call.",
  },
  RUNLANE_BATCH_MISMATCH: {
    message: "{where} was called with {inputs} inputs and gave {outputs}; it must give one output for each, in order.",
    cause:
      "The function of a batched runnable returned no array, one of another length, or yielded more or fewer outputs. So it is not known which output belongs to which input.",
    fix: "Return one output for each input, in the order of the inputs, with an Error in the place of one that failed.",
  },
  RUNLANE_UNKNOWN_ROUTE: {
    message: "RouterRunnable has no runnable for the key {received}; it knows {expected}.",
    cause: "The `key` of an input names none of the router's runnables.",
    fix: "Correct the key, or add a runnable under it.",
  },
  RUNLANE_UNKNOWN_FIELD: {
    message: "{where} has no field {field} to be configured; it has {expected}.",
    cause: "configurableFields was given the name of a field that the runnable does not have.",
    fix: "Correct the name of the field, or configure the step inside that has it.",
  },
  RUNLANE_UNKNOWN_ALTERNATIVE: {
    message: "config.configurable.{id} must be one of {expected}, but it is {received}.",
    cause: "The config of a call chooses an alternative that configurableAlternatives was not given.",
    fix: "Correct the key in the config, or add an alternative under it.",
  },
  RUNLANE_RECURSION_LIMIT: {
    message: "{where} returned a runnable after the recursion limit of the call was used up.",
    cause:
      "A function returned a runnable that returned a runnable, and so on, more often than config.recursionLimit allows.",
    fix: "Make sure that the recursion ends, or raise config.recursionLimit (25 unless set).",
  },
  RUNLANE_NOT_CONCATENABLE: {
    message: "Two chunks of a stream cannot be joined: {first} and {second}.",
    cause: "A step that needs its whole input was given chunks that have no common way to be joined.",
    fix: "Stream strings, numbers, arrays, plain objects or objects with a concat method, or put a RunnableGenerator there.",
  },
  RUNLANE_NOT_IMPLEMENTED: {
    message: "{where} has neither a run nor an invoke method of its own.",
    cause: "A subclass of Runnable overrides none of the methods that run an input.",
    fix: "Override `invoke(input, options)`, or `run(input, context)`.",
  },
  RUNLANE_NOT_LOADABLE: {
    message: "The document cannot be loaded: at {path}, {problem}.",
    cause:
      "A saved document has a part that stands for nothing: a class or a secret that is not known, something that could not be saved.",
    fix: "Tell load about classes and secrets (importMap, resolve, secretsMap), and save nothing made of functions.",
  },
  RUNLANE_UNKNOWN_KIND: {
    message: "No runnable is registered for the kind {received}.",
    cause: "A runnable tree was rebuilt from data, and one of its nodes is of a kind that no loaded module defines.",
    fix: "Import the module that defines the kind before the tree is rebuilt.",
  },
  RUNLANE_RENDERER_MISSING: {
    message: "A graph cannot be drawn as a picture, because its renderer could not be loaded: {reason}.",
    cause: "drawMermaidPng was called where the packages that draw are not installed, or cannot run.",
    fix: "Install them with `npm install beautiful-mermaid @resvg/resvg-js`, or use the text that drawMermaid gives.",
  },
  RUNLANE_INVALID_SCHEMA: {
    message: "{where} must be {expected}, but it is {received}.",
    cause:
      "Something stands where a schema is needed: a plain object, a JSON schema where values are validated, or a type.",
    fix: "Pass a schema of zod, valibot, arktype or another library that follows Standard Schema (https://standardschema.dev).",
  },
  RUNLANE_VALIDATION_FAILED: {
    message: "The {side} of {where} does not match its schema: {issues}.",
    cause:
      "A value that a runnable with types was given, or that it made, is not what its schema says. All issues are in `error.issues`.",
    fix: "Correct the value at that path (an input where it is made, an output in the step itself), or the schema in withTypes.",
  },
  RUNLANE_INVALID_TOOL_INPUT: {
    message: "Received tool input did not match expected schema of {tool}: {issues}.",
    cause:
      "A model called a tool with arguments that its schema refuses. They are in `error.output`, all issues in `error.issues`.",
    fix: "Give the error back to the model, as LangGraph's ToolNode does, or describe the arguments better in the schema.",
  },
  RUNLANE_NO_RUN: {
    message: "The custom event {event} was dispatched outside of any run.",
    cause:
      "dispatchCustomEvent got no config, and found none in the context: the context was not kept, or there is no run.",
    fix: 'Pass the config that the function got, or import dispatchCustomEvent from "runlane/context", which keeps the context.',
  },
  RUNLANE_NO_CONTEXT: {
    message: "{where} needs AsyncLocalStorage, which this platform does not have.",
    cause: "Context variables are kept in an AsyncLocalStorage; browsers and some edge platforms have none.",
    fix: "Pass values in config.configurable instead.",
  },
  RUNLANE_NO_SESSION: {
    message:
      "{where} needs config.configurable.sessionId to find the history of the conversation, but it is {received}.",
    cause: "A chain with a message history was called without saying whose history it is.",
    fix: 'Pass it with the call: chain.invoke(input, { configurable: { sessionId: "..." } }).',
  },
  RUNLANE_INVALID_MESSAGES: {
    message: "{where} must be a string, a message or an array of messages, but it is {received}.",
    cause: "The history of a conversation can keep only messages, and was to keep something else.",
    fix: "Set inputMessagesKey or outputMessagesKey to where the messages are.",
  },
  RUNLANE_MISSING_PACKAGE: {
    message: "{where} needs the package {package}, which cannot be loaded; `npm install {package}` installs it.",
    cause: "An optional package is not installed, or could not be loaded; the cause of the error says which.",
    fix: "Install the package, or correct what the cause of the error says about it.",
  },
  RUNLANE_WORKER_CRASHED: {
    message: "{where} ended the worker that ran it: {reason}.",
    cause:
      "With this input the function exits, throws outside of its promise (in a timer, an event, a rejection nobody handles), crashes native code or uses up the worker's memory. Inputs that shared the worker were run again.",
    fix: "Correct what the function does with this input, raise resourceLimits, or use the process lane for native code.",
  },
  RUNLANE_WORKER_START: {
    message: "{where} could not be started in a worker of the {lane} lane: {reason}.",
    cause:
      "The worker ended before it was ready, or the module of the step threw, exited or did not finish while it was imported. The next call tries again.",
    fix: "Look at the cause of the error, at the module of the step, and at the pool's env, execArgv and resourceLimits.",
  },
  RUNLANE_UNKNOWN_LANE: {
    message: 'There is no lane {received}; the lanes are "loop", "thread", "process", threads() and processes().',
    cause: "A step was sent to something that is neither the name of a lane nor a lane.",
    fix: "Correct the name, or pass a lane that threads() or processes() made.",
  },
  RUNLANE_LANE_CLOSED: {
    message: "{where} cannot run: the {lane} lane is closed.",
    cause: "A lane was used after close, or was closed by force while calls waited or ran.",
    fix: "Close a lane after its last call, or make a new one.",
  },
  RUNLANE_QUEUE_FULL: {
    message: "{where} cannot run now: {queued} calls wait for a worker of the {lane} lane, as many as maxQueue allows.",
    cause: "More calls were made than the workers could take, and the pool has a limit for those that wait.",
    fix: "Make fewer calls at once (config.maxConcurrency), try again later, or raise max or maxQueue.",
  },
  RUNLANE_NO_THREADS: {
    message: "The {lane} lane needs {needed}, which this platform does not have.",
    cause: "Workers exist on Node only; browsers and edge platforms have other means.",
    fix: 'Use the lane "loop" there.',
  },
  RUNLANE_CAPTURED_VARIABLE: {
    message: "{where}: {func} cannot run in another thread, because it uses {variables} from around it.",
    cause:
      "Threads share no variables, and a function is sent to another one as its source. All variables are in `error.variables`, with their lines.",
    fix: 'Move it to a module of its own and use RunnableLambda.fromModule(new URL("./module.js", import.meta.url), "name"), or declare what it needs with `uses: { name }` and read it from config.uses.',
  },
  RUNLANE_NOT_SHIPPABLE: {
    message: "{where}: {what} cannot run in another thread, because it {reason}.",
    cause:
      "A step was given a lane outside of this thread, and its source and its data alone do not say what it does: a method, a bound or native function, a class, a schema, a runnable of another library.",
    fix: 'Export it from a module and use RunnableLambda.fromModule(new URL("./module.js", import.meta.url), "name"), or keep the step on the loop.',
  },
  RUNLANE_NOT_PLAIN: {
    message: "The {path} of a step on the lane auto is of the class {className}, and would arrive as a plain object.",
    cause:
      "A step that moved to threads by itself gave something there that does not arrive as it is. It runs on the event loop again, and stays there; only a lane of your own lets you see this error.",
    fix: "Nothing: the step has run. Register the class with registerClass to let such steps move.",
  },
  RUNLANE_MODULE_NOT_FOUND: {
    message: "{where}: there is no file {url}.",
    cause: "fromModule was given the URL of a module that does not exist, or of a folder.",
    fix: 'Give it new URL("./module.js", import.meta.url), with the path from the file that it stands in.',
  },
  RUNLANE_EXPORT_NOT_FOUND: {
    message: "{where} needs a function or a runnable {name} of {url}, which {received}; its exports are: {exports}.",
    cause: "A module does not export that name, or what it exports under it is neither a function nor a runnable.",
    fix: 'Correct the name (a default export is called "default"), or export the function.',
  },
  RUNLANE_NOT_SERIALIZABLE: {
    message: "{where} cannot be sent to another thread or process: {path} is {received}.",
    cause:
      "Something in an input or an output cannot be cloned: a function, a promise, a stream, or another object that is tied to its thread.",
    fix: "Send plain data, make that object in the step itself (RunnableLambda.fromModule), register its class with registerClass, or keep the step on the loop.",
  },
  RUNLANE_UNKNOWN_CLASS: {
    message:
      "An instance of {name} arrived from another thread or process, but no class of that name is registered here.",
    cause: "registerClass was called on one side only: classes are registered for each thread and each process.",
    fix: "Call registerClass in the module that defines the class, and import that module in the step's module too.",
  },
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
} as const;

/** The stable codes of the errors that Runlane raises. */
export type ErrorCode = keyof typeof ERROR_TABLE;

type Placeholders<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;
type Details<Code extends ErrorCode> = Record<Placeholders<(typeof ERROR_TABLE)[Code]["message"]>, string | number>;

const BRAND = Symbol.for("runlane.error");

/**
 * The class of every error that Runlane itself raises. Errors thrown by your functions arrive as they are.
 *
 * `instanceof` works across several copies of the package in one process.
 *
 * @example
 * ```ts
 * import { RunlaneError, RouterRunnable } from "runlane";
 *
 * const router = new RouterRunnable({ runnables: { double: (x: number) => x * 2 } });
 * try {
 *   await router.invoke({ key: "halve", input: 4 });
 * } catch (error) {
 *   if (error instanceof RunlaneError) console.log(error.code); // RUNLANE_UNKNOWN_ROUTE
 * }
 * ```
 */
export class RunlaneError extends Error {
  override readonly name = "RunlaneError";

  /**
   * @param code The row of the error table.
   * @param message What happened, where, and what to do.
   */
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** @internal */
  get [BRAND](): true {
    return true;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== RunlaneError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === "object" && value !== null && (value as { [BRAND]?: unknown })[BRAND] === true;
  }
}

/** Builds the error of one row of the table: its message filled in, followed by the fix. */
export function runlaneError<Code extends ErrorCode>(
  code: Code,
  details: Details<Code>,
  options?: ErrorOptions,
): RunlaneError {
  const row = ERROR_TABLE[code];
  const filled = row.message.replace(/\{(\w+)\}/g, (_, name: string) => String(details[name as keyof Details<Code>]));
  return new RunlaneError(code, `${filled} ${row.fix}`, options);
}

/** What the message of an error says happened, without what to do about it. */
export function findingOf({ code, message }: RunlaneError): string {
  const { fix } = ERROR_TABLE[code as ErrorCode];
  return message.endsWith(fix) ? message.slice(0, -fix.length).trimEnd() : message;
}

/** The error of an option of the wrong type or out of range. */
export function invalidOption(where: string, option: string, expected: string, received: unknown): RunlaneError {
  return runlaneError("RUNLANE_INVALID_OPTION", { where, option, expected, received: describe(received) });
}

/** Says what a value is, briefly, for the "but it is ..." part of an error message. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  switch (typeof value) {
    case "undefined":
      return "undefined";
    case "string":
      return value.length > 40
        ? `the string ${JSON.stringify(`${value.slice(0, 40)}…`)}`
        : `the string ${JSON.stringify(value)}`;
    case "function":
      return value.name ? `the function ${value.name}` : "a function";
    case "object": {
      const name = (value as object).constructor?.name;
      if (name && name !== "Object") return `an instance of ${name}`;
      const keys = Object.keys(value as object);
      return keys.length === 0 ? "an empty object" : `an object with the keys ${keys.slice(0, 8).join(", ")}`;
    }
    default:
      return `the ${typeof value} ${String(value)}`;
  }
}

import type { ErrorRow } from "./table.ts";

/** Errors of runnables, configs, schemas and saved documents. */
export const LANGUAGE_ERRORS = {
  RUNLANE_NOT_RUNNABLE: {
    message: "{where} must be a Runnable, a function or a plain object of those, but it is {received}.",
    fix: "Pass a Runnable, a function, or an object whose values are those (it becomes a RunnableParallel).",
  },
  RUNLANE_INVALID_STEPS: {
    message: "{where} needs {expected}, but it got {received}.",
    fix: "Check the arguments against the example in the class's documentation.",
  },
  RUNLANE_INVALID_OPTION: {
    message: "{where}: {option} must be {expected}, but it is {received}.",
    fix: "Correct the option, or leave it out to get its default.",
  },
  RUNLANE_INVALID_CONFIG: {
    message: "config.{key} must be {expected}, but it is {received}.",
    fix: "Correct the option, or leave it out to get its default.",
  },
  RUNLANE_CONFIG_COUNT: {
    message: "A batch of {inputs} inputs got {configs} configs; an array of configs needs one per input.",
    fix: "Pass one config for all inputs, or an array with exactly one config per input.",
  },
  RUNLANE_INVALID_INPUT: {
    message: "{where} expects {expected} as its input, but it got {received}.",
    fix: "Look at the output of the step before it, or at the input of the call.",
  },
  RUNLANE_BATCH_MISMATCH: {
    message: "{where} was called with {inputs} inputs and gave {outputs}; it must give one output for each, in order.",
    fix: "Return one output for each input, in the order of the inputs, with an Error in the place of one that failed.",
  },
  RUNLANE_UNKNOWN_ROUTE: {
    message: "RouterRunnable has no runnable for the key {received}; it knows {expected}.",
    fix: "Correct the key, or add a runnable under it.",
  },
  RUNLANE_UNKNOWN_FIELD: {
    message: "{where} has no field {field} to be configured; it has {expected}.",
    fix: "Correct the name of the field, or configure the step inside that has it.",
  },
  RUNLANE_UNKNOWN_ALTERNATIVE: {
    message: "config.configurable.{id} must be one of {expected}, but it is {received}.",
    fix: "Correct the key in the config, or add an alternative under it.",
  },
  RUNLANE_RECURSION_LIMIT: {
    message: "{where} returned a runnable after the recursion limit of the call was used up.",
    fix: "Make sure that the recursion ends, or raise config.recursionLimit (25 unless set).",
  },
  RUNLANE_TOO_DEEP: {
    message: "{where} cannot look into the chain: runnables stand in each other deeper than the stack goes.",
    fix: "Put steps one after the other (RunnableSequence.from) rather than in each other, or give Node a larger stack (--stack-size).",
  },
  RUNLANE_NOT_CONCATENABLE: {
    message: "Two chunks of a stream cannot be joined: {first} and {second}.",
    fix: "Stream strings, numbers, arrays, plain objects or objects with a concat method, or put a RunnableGenerator there.",
  },
  RUNLANE_NOT_IMPLEMENTED: {
    message: "{where} has neither a run nor an invoke method of its own.",
    fix: "Override `invoke(input, options)`, or `run(input, context)`.",
  },
  RUNLANE_NOT_LOADABLE: {
    message: "The document cannot be loaded: at {path}, {problem}.",
    fix: "Tell load about classes and secrets (importMap, resolve, secretsMap), and save nothing made of functions.",
  },
  RUNLANE_UNKNOWN_KIND: {
    message: "No runnable is registered for the kind {received}.",
    fix: "Import the module that defines the kind before the tree is rebuilt.",
  },
  RUNLANE_RENDERER_MISSING: {
    message: "A graph cannot be drawn as a picture, because its renderer could not be loaded: {reason}.",
    fix: "Install them with `npm install beautiful-mermaid @resvg/resvg-js`, or use the text that drawMermaid gives.",
  },
  RUNLANE_INVALID_SCHEMA: {
    message: "{where} must be {expected}, but it is {received}.",
    fix: "Pass a schema of zod, valibot, arktype or another library that follows Standard Schema (https://standardschema.dev).",
  },
  RUNLANE_VALIDATION_FAILED: {
    message: "The {side} of {where} does not match its schema: {issues}.",
    fix: "Correct the value at that path (an input where it is made, an output in the step itself), or the schema in withTypes.",
  },
  RUNLANE_INVALID_TOOL_INPUT: {
    message: "Received tool input did not match expected schema of {tool}: {issues}.",
    fix: "Give the error back to the model, as LangGraph's ToolNode does, or describe the arguments better in the schema.",
  },
  RUNLANE_NO_RUN: {
    message: "The custom event {event} was dispatched outside of any run.",
    fix: 'Pass the config that the function got, or import dispatchCustomEvent from "runlane/context", which keeps the context.',
  },
  RUNLANE_NO_CONTEXT: {
    message: "{where} needs AsyncLocalStorage and its enterWith, which this platform does not have.",
    fix: "Pass values in config.configurable instead.",
  },
  RUNLANE_NO_SESSION: {
    message:
      "{where} needs config.configurable.sessionId to find the history of the conversation, but it is {received}.",
    fix: 'Pass it with the call: chain.invoke(input, { configurable: { sessionId: "..." } }).',
  },
  RUNLANE_INVALID_MESSAGES: {
    message: "{where} must be a string, a message or an array of messages, but it is {received}.",
    fix: "Set inputMessagesKey or outputMessagesKey to where the messages are.",
  },
  RUNLANE_REMOTE_FAILED: {
    message: "{where}: {url} answered {status}: {answer}.",
    fix: "Look at the server's log: the answer hides what went wrong there. A 404 means that the address is none of a chain, 401 that the headers have no valid token, 503 that the server has too much to do.",
  },
  RUNLANE_MISSING_PACKAGE: {
    message: "{where} needs the package {package}, which cannot be loaded; `npm install {package}` installs it.",
    fix: "Install the package, or correct what the cause of the error says about it.",
  },
} as const satisfies Record<string, ErrorRow>;

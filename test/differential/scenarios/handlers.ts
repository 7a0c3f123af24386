import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import { dispatchCustomEvent } from "@langchain/core/callbacks/dispatch/web";
import { CallbackManager } from "@langchain/core/callbacks/manager";
import { awaitAllCallbacks } from "@langchain/core/callbacks/promises";
import { add, boom, later, same, sleep } from "../functions.ts";
import { batch, type Drive, invoke, type Lib, type Run, type Scenario, stream } from "../harness.ts";

const chain = (lib: Lib) => lib.RunnableSequence.from([add, later]);

/** Invokes with handlers that the scenario makes, and gives what they saw. */
const handled =
  (
    make: (see: (what: string) => void, run: Run) => unknown,
    drive: (callbacks: unknown) => Drive = (callbacks) => invoke(1, { callbacks }),
  ): Drive =>
  async (runnable, run) => {
    const seen: string[] = [];
    const callbacks = make((what) => void seen.push(what), run);
    const result = await drive(callbacks)(runnable, run).catch((error: Error) => `failed: ${error.message}`);
    await awaitAllCallbacks();
    return [result, seen];
  };

/** A plain object with all handlers of chains. */
const plainHandler = (see: (what: string) => void, more: object = {}) => ({
  handleChainStart: (_: unknown, input: any, _id: string, parent?: string) =>
    see(`start ${JSON.stringify(input)} ${parent === undefined ? "root" : "inner"}`),
  handleChainEnd: (output: any) => see(`end ${JSON.stringify(output)}`),
  handleChainError: (error: Error) => see(`error ${error.message}`),
  ...more,
});

const throwing = {
  handleChainStart: () => {
    throw new Error("handler");
  },
};

export const handlers: Scenario[] = [
  { name: "a plain object", build: chain, drive: handled((see) => [plainHandler(see)]) },
  {
    name: "a plain object, of a failing chain",
    build: (lib) => chain(lib).pipe(boom),
    drive: handled((see) => [plainHandler(see)]),
  },
  {
    name: "a plain object, streamed",
    build: chain,
    drive: handled(
      (see) => [plainHandler(see)],
      (callbacks) => stream(1, { callbacks }),
    ),
  },
  {
    name: "two handlers",
    build: chain,
    drive: handled((see) => [plainHandler((what) => see(`1 ${what}`)), plainHandler((what) => see(`2 ${what}`))]),
  },
  { name: "no handlers", build: chain, drive: handled(() => []) },
  {
    name: "a handler in the background",
    build: chain,
    drive: handled((see) => {
      class Background extends BaseCallbackHandler {
        name = "background";
        override awaitHandlers = false;
        override async handleChainStart(): Promise<void> {
          see("start");
        }
        override async handleChainEnd(): Promise<void> {
          see("end");
        }
      }
      return [new Background()];
    }),
  },
  {
    name: "a handler that is awaited",
    build: (lib) => lib.RunnableLambda.from(add),
    drive: handled((see) => [
      {
        awaitHandlers: true,
        handleChainStart: () => sleep(2).then(() => see("start")),
        handleChainEnd: () => sleep(2).then(() => see("end")),
      },
    ]),
  },
  {
    name: "a handler that ignores chains",
    build: chain,
    drive: handled((see) => [plainHandler(see, { ignoreChain: true })]),
  },
  { name: "a handler that throws", build: chain, drive: handled(() => [throwing]) },
  {
    name: "a handler that throws and raises",
    build: chain,
    drive: handled(() => [{ ...throwing, raiseError: true, awaitHandlers: true }]),
  },
  {
    name: "a manager with an inheritable handler",
    build: chain,
    drive: handled((see) => {
      const manager = new CallbackManager();
      manager.addHandler(
        new (class extends BaseCallbackHandler {
          name = "one";
          override awaitHandlers = true;
          override handleChainStart = plainHandler(see).handleChainStart as never;
        })(),
        true,
      );
      return manager;
    }),
  },
  {
    name: "a manager with a handler of the root run alone",
    build: chain,
    drive: handled((see) => {
      const manager = new CallbackManager();
      manager.addHandler(CallbackManager.fromHandlers(plainHandler(see) as never).handlers[0] as never, false);
      return manager;
    }),
  },
  {
    name: "a manager with tags and metadata",
    build: chain,
    drive: (runnable, run) => {
      const manager = new CallbackManager();
      manager.addHandler(run.recorder, true);
      manager.addTags(["inherited"], true);
      manager.addTags(["local"], false);
      manager.addMetadata({ inherited: 1 }, true);
      manager.addMetadata({ local: 1 }, false);
      return runnable.invoke(1, { callbacks: manager, tags: ["call"], metadata: { call: 1 } });
    },
    observe: "calls",
  },
  {
    name: "a manager with a parent run",
    build: chain,
    drive: async (runnable, run) => {
      const manager = new CallbackManager("0f0e0d0c-0b0a-4908-8706-050403020100");
      manager.addHandler(run.recorder, true);
      return runnable.invoke(1, { callbacks: manager });
    },
    observe: "calls",
  },
  {
    name: "a manager, of a batch",
    build: chain,
    drive: async (runnable, run) => {
      const manager = new CallbackManager();
      manager.addHandler(run.recorder, true);
      return runnable.batch([1, 2], { callbacks: manager });
    },
    observe: "tree",
  },
  {
    name: "handlers of a binding and of the call",
    build: (lib, note) => chain(lib).withConfig({ callbacks: [plainHandler((what) => note(`bound ${what}`))] }),
    drive: handled((see) => [plainHandler(see)]),
  },
  {
    name: "handlers bound to a step hear that step alone",
    build: (lib, note) =>
      lib.RunnableSequence.from([add, lib.RunnableLambda.from(add).withConfig({ callbacks: [plainHandler(note)] })]),
    drive: invoke(1),
  },
  {
    name: "custom events",
    build: (lib) =>
      lib.RunnableLambda.from(async (x: number, config: any) => {
        await dispatchCustomEvent("progress", { x }, config);
        return x;
      }),
    drive: invoke(1, { tags: ["t"], metadata: { m: 1 } }),
    observe: "calls",
  },
  {
    name: "custom events for a plain object",
    build: (lib) =>
      lib.RunnableSequence.from([same, (x: number, config: any) => dispatchCustomEvent("progress", x, config)]),
    drive: handled((see) => [{ handleCustomEvent: (name: string, data: unknown) => see(`${name} ${data}`) }]),
  },
  {
    name: "what a function finds in its config",
    build: (lib) =>
      lib.RunnableLambda.from((_: number, config: any) => [
        typeof config.callbacks?.getParentRunId?.(),
        config.callbacks?.handlers?.length,
        config.runName,
        config.runId,
      ]),
    drive: handled(
      (see) => [plainHandler(see)],
      (callbacks) => invoke(1, { callbacks, runName: "x" }),
    ),
  },
  {
    name: "getCallbackManagerForConfig",
    build: (lib) => lib.getCallbackManagerForConfig,
    drive: async (get) => [
      await get(undefined),
      await get({}),
      (await get({ callbacks: [{}], tags: ["t"], metadata: { m: 1 } })).tags,
      (await get({ callbacks: [{}] })).handlers.length,
    ],
  },
  {
    name: "handlers of a batch in a config for each input",
    build: chain,
    drive: handled(
      (see) => [plainHandler(see)],
      (callbacks) => batch([1, 2], [{ callbacks }, {}] as object[]),
    ),
  },
];

import { implicitConfig } from "../core/ambient.ts";
import type { RunnableConfig } from "../core/config.ts";
import { runlaneError } from "../core/errors/errors.ts";
import { managerFor } from "./callbacks.ts";
import type { CallbackManager } from "./manager.ts";

/**
 * Tells the callbacks of the current run of something of your own: `handleCustomEvent` of handlers, `on_custom_event` of
 * `streamEvents`.
 *
 * @param config The config that the function got. Without it the current one is used, which needs `import "runlane/context"`.
 * @throws RUNLANE_NO_RUN when there is neither.
 * @example
 * ```ts
 * import { dispatchCustomEvent, RunnableLambda } from "runlane";
 *
 * const slow = RunnableLambda.from(async (input: string, config) => {
 *   await dispatchCustomEvent("progress", { percent: 50 }, config);
 *   return input;
 * });
 * for await (const event of slow.streamEvents("x", { version: "v2" })) console.log(event.event, event.data);
 * ```
 */
export async function dispatchCustomEvent(name: string, payload: unknown, config?: RunnableConfig): Promise<void> {
  const current = config ?? implicitConfig();
  if (current === undefined) throw runlaneError("RUNLANE_NO_RUN", { event: name });
  const manager = managerFor(current);
  const runId = manager?.getParentRunId();
  if (manager !== undefined && runId !== undefined) await manager.handleCustomEvent(name, payload, runId);
}

/**
 * The manager of the callbacks of a config, under LangChain's name; undefined when nobody listens.
 *
 * @throws RUNLANE_INVALID_CONFIG
 * @example
 * ```ts
 * import { getCallbackManagerForConfig } from "runlane";
 *
 * const manager = await getCallbackManagerForConfig({ callbacks: [{ handleChainStart: () => console.log("started") }] });
 * await manager?.handleChainStart({ lc: 1, type: "not_implemented", id: ["mine"] }, { input: 1 });
 * ```
 */
export async function getCallbackManagerForConfig(config?: RunnableConfig): Promise<CallbackManager | undefined> {
  return managerFor(config ?? {});
}

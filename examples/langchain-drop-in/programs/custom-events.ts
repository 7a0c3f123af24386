/** Events of one's own from inside a step, and values that all steps below can read. */
import { dispatchCustomEvent } from "@langchain/core/callbacks/dispatch";
import { getContextVariable, setContextVariable } from "@langchain/core/context";
import { RunnableLambda, RunnableSequence } from "@langchain/core/runnables";

const kiln = RunnableLambda.from(async (pot: string) => {
  for (const degrees of [600, 950]) await dispatchCustomEvent("heat", { pot, degrees });
  return `${pot}, fired`;
});
const glaze = RunnableLambda.from(async (pot: string, config) => {
  await dispatchCustomEvent("glaze", { colour: "blue" }, config);
  return `${pot}, glazed`;
});
const workshop = RunnableSequence.from([kiln, glaze]);

for await (const { event, name, data } of workshop.streamEvents("jug", { version: "v2" })) {
  if (event === "on_custom_event") console.log(name, JSON.stringify(data));
}

const heard: string[] = [];
const result = await workshop.invoke("bowl", {
  callbacks: [{ awaitHandlers: true, handleCustomEvent: (name: string) => void heard.push(name) }],
});
console.log(result, heard);

// A variable set in a step is seen by the steps that run inside it, and by no other.
const readMark = RunnableLambda.from((pot: string) => `${pot} of ${getContextVariable("potter") ?? "nobody"}`);
const signed = RunnableLambda.from((pot: string) => {
  setContextVariable("potter", "Ines");
  return RunnableSequence.from([readMark, (text: string) => `${text}.`]).invoke(pot);
});
console.log(await signed.invoke("cup"));

// With a context, a config reaches runnables that a function calls without handing it on.
const inner = RunnableLambda.from(
  (pot: string, config) => `${pot} ${config.tags?.join()} ${config.configurable?.shelf}`,
);
const outer = RunnableLambda.from(async (pot: string) => inner.invoke(pot));
console.log(await outer.invoke("vase", { tags: ["fair"], configurable: { shelf: 3 } }));
const children: string[] = [];
await outer.invoke("vase", {
  callbacks: [
    {
      awaitHandlers: true,
      handleChainStart: (...call: unknown[]) =>
        void children.push(`${call[7]} ${call[3] === undefined ? "root" : "child"}`),
    } as object,
  ],
  runName: "outer",
});
console.log(children);

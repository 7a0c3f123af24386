// Prints the time of the first `invoke` of a chain of three steps, from building it to its output.
const { RunnableSequence } = await import("runlane");
const { RunnableSequence: LangChainSequence } = await import("@langchain/core/runnables");
const add = (x) => x + 1;
const twice = (x) => x * 2;
const less = (x) => x - 3;

async function time(Sequence) {
  const start = performance.now();
  const output = await Sequence.from([add, twice, less]).invoke(1);
  const ms = performance.now() - start;
  if (output !== 1) throw new Error(`the output is ${output}`);
  return ms;
}

console.log(JSON.stringify({ ms: await time(RunnableSequence), langchainMs: await time(LangChainSequence) }));

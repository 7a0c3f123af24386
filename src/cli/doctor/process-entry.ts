import { MEASURE, runBatch } from "../../diagnose/doctor/trials.ts";
import { messageOf } from "../cli-error.ts";
import type { Answer, ProcessRequest, Question } from "./process-messages.ts";

/** The entry of a process that runs a pipeline for the doctor. */

type Pipeline = Awaited<ReturnType<typeof load>>;

let request: ProcessRequest;
let pipeline: Pipeline;

async function load(): Promise<import("../../runnables/runnable.ts").Runnable<unknown, unknown>> {
  const { loadPipeline } = await import("../pipeline/load-pipeline.ts");
  return await loadPipeline(request.path, request.exportName);
}

async function answer(question: Question): Promise<unknown> {
  if (question.ask === "load") {
    request = question.request;
    pipeline = await load();
    return undefined;
  }
  const { inputs, config } = request;
  if (question.ask === "warm") return await pipeline.warm();
  if (question.ask === "call") {
    const started = performance.now();
    await pipeline.invoke(inputs[0], config).catch(() => {});
    return performance.now() - started;
  }
  const variant = { runnable: pipeline, config };
  const some = inputs.slice(0, question.inputs);
  return question.ask === "outputs" ? await runBatch(variant, some) : await MEASURE[question.metric](variant, some);
}

process.on("message", async (question: Question) => {
  let reply: Answer;
  try {
    reply = { value: await answer(question) };
  } catch (error) {
    reply = { error: messageOf(error) };
  }
  try {
    process.send!(reply);
  } catch (error) {
    process.send!({ error: `its outputs cannot be sent: ${messageOf(error)}` } satisfies Answer);
  }
});
// Whoever asked has gone.
process.on("disconnect", () => process.exit());

import { stayOnLoop } from "../../lanes/named-lanes.ts";
import type { Plan } from "../../plan/plan.ts";
import { planText } from "../../plan/plan-text.ts";
import { EXIT } from "../cli-error.ts";
import { guessLines } from "../display/first-guess.ts";
import type { ExplainOptions } from "../explain.ts";
import { readInputs } from "../input/read-inputs.ts";
import { reserveStdout } from "../output/sink.ts";
import { displayName } from "../paths.ts";
import { loadPipeline } from "../pipeline/load-pipeline.ts";
import { placePipeline } from "../pipeline/place-pipeline.ts";
import { EndWatch, earlyWords } from "../run/ends.ts";

/**
 * Runs `runlane explain`.
 *
 * @returns The exit code.
 * @throws CliError when the pipeline does not load or the input cannot be read.
 */
export async function runExplain(options: ExplainOptions): Promise<number> {
  const print = process.stdout.write.bind(process.stdout);
  const watch = new EndWatch(displayName(options.pipeline), earlyWords("while it was loaded"));
  const giveBack = reserveStdout();
  try {
    const plan = await explained(options, watch);
    print(
      `${options.json ? JSON.stringify(plan, null, 2) : [planText(plan), ...guessLines(plan, options)].join("\n")}\n`,
    );
    return EXIT.done;
  } finally {
    watch.stop();
    giveBack();
  }
}

async function explained(options: ExplainOptions, watch: EndWatch): Promise<Plan> {
  const { pipeline: path, export: exportName, lane, limit: atMost, input } = options;
  if (lane === "loop") stayOnLoop();
  const pipeline = await loadPipeline(path, exportName);
  const inputs = input === undefined ? undefined : await readInputs(options);
  const runnable = await placePipeline(pipeline, { path, exportName, lane, atMost });
  if (inputs === undefined) return runnable.explain();
  watch.enter(earlyWords("while its inputs were run"));
  return await runnable.explain({ analyze: true, inputs });
}

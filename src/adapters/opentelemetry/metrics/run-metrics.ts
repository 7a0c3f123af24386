import type { Attributes, Counter, Histogram, Meter } from "@opentelemetry/api";
import { ATTRIBUTE, METRIC, OPERATION } from "../names.ts";
import { errorType } from "../span-end.ts";

/** The buckets that the conventions want of durations, in seconds. */
const SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

/** The metrics of runs, models and tools. */
export class RunMetrics {
  private readonly runs: Histogram;
  private readonly inferences: Histogram;
  private readonly firstChunks: Histogram;
  private readonly tools: Histogram;
  private readonly inputTokens: Counter;
  private readonly outputTokens: Counter;

  constructor(meter: Meter) {
    const seconds = (name: string, description: string): Histogram =>
      meter.createHistogram(name, { description, unit: "s", advice: { explicitBucketBoundaries: SECONDS } });
    const tokens = (name: string, description: string): Counter =>
      meter.createCounter(name, { description, unit: "{token}" });
    this.runs = seconds(METRIC.run, "What the calls of chains take.");
    this.inferences = seconds(METRIC.inference, "What the calls of models take.");
    this.firstChunks = seconds(METRIC.firstChunk, "What the first chunk of a model's answer takes.");
    this.tools = seconds(METRIC.tool, "What the calls of tools take.");
    this.inputTokens = tokens(METRIC.inputTokens, "Tokens that models were given.");
    this.outputTokens = tokens(METRIC.outputTokens, "Tokens that models gave.");
  }

  /** Counts a call of a chain that has ended. */
  ran(name: string, startedAt: number, error?: unknown): void {
    const seconds = (performance.now() - startedAt) / 1000;
    const labels = { [ATTRIBUTE.operation]: OPERATION.workflow, [ATTRIBUTE.agent]: name };
    this.runs.record(seconds, withError(labels, error));
  }

  /** Counts the tokens that a model has used. */
  used(
    labels: Attributes,
    input: number | undefined,
    output: number | undefined,
    firstChunk: number | undefined,
  ): void {
    if (input !== undefined) this.inputTokens.add(input, labels);
    if (output !== undefined) this.outputTokens.add(output, labels);
    if (firstChunk !== undefined) this.firstChunks.record(firstChunk, labels);
  }

  /** Counts a run of LangChain's that has ended. */
  ended(operation: string | undefined, labels: Attributes, seconds: number, error?: unknown): void {
    if (operation === OPERATION.tool) this.tools.record(seconds, withError(labels, error));
    else if (operation === OPERATION.chat || operation === OPERATION.text)
      this.inferences.record(seconds, withError(labels, error));
  }
}

function withError(labels: Attributes, error: unknown): Attributes {
  return error === undefined ? labels : { ...labels, [ATTRIBUTE.error]: errorType(error) };
}

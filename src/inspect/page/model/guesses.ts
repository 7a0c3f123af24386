import type { Finding } from "../../../diagnose/doctor/types.ts";
import type { InspectorState } from "../../state.ts";
import { count, duration, percent, plural } from "./format.ts";
import { stepsOf } from "./steps.ts";

/** Something that could be better. */
export interface Advice {
  readonly id: string;
  readonly title: string;
  readonly evidence: string;
  /** The change, as the code to write. */
  readonly change?: string | undefined;
  /** The proof of the doctor, in words. */
  readonly proof?: string | undefined;
}

/** A step that holds the loop for less of the time than this holds nobody up. */
const WORTH_A_LOOK = 0.05;
/** So long at a time is felt by everybody else, in milliseconds. */
const FELT_MS = 50;
/** A step that takes less than this on a lane costs more on its way there, in milliseconds. */
const TINY_MS = 0.05;

/** Findings of the doctor, and guesses by the figures of this run. */
export function adviceFor(state: InspectorState): Advice[] {
  return [...state.findings.map(fromDoctor), ...holders(state), ...tinySteps(state), ...hints(state)];
}

function fromDoctor({ id, step, place, evidence, fix, proof }: Finding): Advice {
  const facts = Object.entries(evidence).map(([name, value]) => `${name}: ${value}`);
  const { verdict, ratio, low, high, metric, reason } = proof;
  const measured =
    ratio === null ? verdict : `${verdict} ${ratio.toFixed(2)}x (${low?.toFixed(2)}–${high?.toFixed(2)}), ${metric}`;
  return {
    id,
    title: `${id}: ${step}`,
    evidence: [...(place === null ? [] : [place]), ...facts, ...(reason === undefined ? [] : [reason])].join("; "),
    change: fix,
    proof: measured,
  };
}

function holders({ holders, chains, elapsedMs }: InspectorState): Advice[] {
  const steps = chains.flatMap(stepsOf);
  return holders.flatMap(({ step, place, times, totalMs, maxMs }): Advice[] => {
    if (totalMs < WORTH_A_LOOK * elapsedMs && maxMs < FELT_MS) return [];
    const why = steps.find(({ name }) => name === step)?.why ?? "";
    const [, names] = /could not move: it uses (.+?)(?: from around it|;|$)/.exec(why) ?? [];
    const inThread = `RunnableLambda.from(${step}, { lane: "thread" })`;
    const captured = names?.replace(/ \([^)]*\)/g, "");
    const change =
      captured === undefined
        ? inThread
        : `RunnableLambda.from((input, { uses }) => …, {\n  lane: "thread",\n  uses: { ${captured} },\n})`;
    return [
      {
        id: captured === undefined ? "cpu-on-loop" : "captured-keeps-on-loop",
        title: `${step} holds the event loop`,
        evidence:
          `${plural(times, "time")}, ${duration(totalMs)} in all, ${duration(maxMs)} at most` +
          `${place === null ? "" : `, at ${place}`}. Nothing else runs meanwhile: no timers, no requests, no other inputs.` +
          (captured === undefined ? "" : ` It uses ${captured} from around it, which a thread does not have.`),
        change,
      },
    ];
  });
}

function tinySteps({ lanes }: InspectorState): Advice[] {
  return lanes.flatMap(({ name, stages }) =>
    stages.flatMap(({ label, inputs, costMs, bytes }): Advice[] => {
      if (costMs === undefined || costMs >= TINY_MS || inputs < 1000) return [];
      return [
        {
          id: "tiny-step-on-lane",
          title: `${label} may be too small for its lane`,
          evidence: `${duration(costMs)} an input in ${name}, and ${count(bytes / inputs)} bytes to carry there and back.`,
          change: `${label}.withLane("loop")`,
        },
      ];
    }),
  );
}

/** Notes of lanes and plans, and the share that fails. */
function hints({ lanes, chains, counts, runs }: InspectorState): Advice[] {
  const texts = new Set([
    ...lanes.flatMap(({ stages }) => stages.flatMap(({ hints = [] }) => hints)),
    ...chains.flatMap(({ warnings }) => warnings),
  ]);
  const told = Array.from(texts, (text): Advice => {
    const [first = text] = /^.*?[.:](?=\s|$)/.exec(text) ?? [];
    return { id: text, title: first.replace(/[.:]$/, ""), evidence: text.slice(first.length).trim() || text };
  });
  if (counts.failed === 0 || counts.done === 0) return told;
  const last = runs.find(({ state, error }) => state === "failed" && error !== undefined);
  const where = last?.step === undefined ? "" : ` in ${last.step}`;
  return [
    ...told,
    {
      id: "failures",
      title: `${plural(counts.failed, "input")} failed: ${percent(counts.failed / counts.done)}`,
      evidence: last === undefined ? "" : `The last one${where}: ${last.error}`,
    },
  ];
}

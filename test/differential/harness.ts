import * as langchain from "@langchain/core/runnables";
import { describe, expect, it, vi } from "vitest";
import * as runlane from "../../src/index.ts";
import { errorText, Ids, plain, text } from "./plain.ts";
import { Recorder } from "./recorder.ts";

/** The names that both libraries have. Scenarios are built with one of the two. */
export type Lib = Record<keyof typeof langchain, any>;

/** What a scenario is given while it runs. */
export interface Run {
  readonly lib: Lib;
  /** The chunks that came, even if an error came after them. */
  readonly chunks: unknown[];
  readonly recorder: Recorder;
  /** The config of a call, with the recorder among its callbacks where callbacks are observed. */
  config(config?: object): any;
}

export type Drive = (runnable: any, run: Run) => Promise<unknown>;

/** How a scenario ends that does not give a result: what a function threw, the signal, the timeout, or an error of the library. */
type Failure = "own" | "abort" | "timeout" | { code: string };

export interface Scenario {
  name: string;
  /** Makes the runnable; `note` adds to what is observed. */
  build: (lib: Lib, note: (value: unknown) => undefined) => unknown;
  drive: Drive;
  /** Observes callbacks too: as they come, or run by run where runs race. */
  observe?: "calls" | "tree";
  fails?: Failure;
  /** Lets waits of seconds pass at once. */
  timers?: "fake";
  /** A deliberate difference: what LangChain does wrong, and what is observed of Runlane. */
  differs?: { defect: string; runlane: object };
}

type Config = object | (() => object);
const made = (config: Config | undefined): object | undefined => (typeof config === "function" ? config() : config);

export const invoke =
  (input: unknown, config?: Config): Drive =>
  (runnable, run) =>
    runnable.invoke(input, run.config(made(config)));

export const batch =
  (inputs: unknown[], config?: Config | object[], options?: object): Drive =>
  (runnable, run) => {
    const configs = Array.isArray(config) ? config.map((one) => run.config(one)) : run.config(made(config));
    return runnable.batch(inputs, configs, options);
  };

/** Takes all chunks. */
async function take(source: AsyncIterable<unknown>, run: Run): Promise<void> {
  for await (const chunk of source) run.chunks.push(chunk);
}

export const stream =
  (input: unknown, config?: Config): Drive =>
  async (runnable, run) =>
    take(await runnable.stream(input, run.config(made(config))), run);

export const transform =
  (inputs: unknown[], config?: Config): Drive =>
  (runnable, run) =>
    take(runnable.transform(source(inputs), run.config(made(config))), run);

async function* source(inputs: unknown[]): AsyncGenerator<unknown> {
  yield* inputs;
}

/** Events that Runlane adds to LangChain's. */
const added = ({ event }: { event: string }): boolean => event.endsWith("_error") && event !== "on_tool_error";

const eventLine = (ids: Ids) => (event: any) => {
  const { event: kind, run_id, name, tags, metadata, data } = event;
  return `${ids.of(run_id)} ${kind} ${name} ${JSON.stringify(tags)} ${text(metadata, ids)} ${text(data, ids)}`;
};

/** The events of a stream, in order. */
export const events =
  (input: unknown, options: Config = {}, filter?: object): Drive =>
  async (runnable, run) => {
    const line = eventLine(new Ids());
    const config = run.config({ version: "v2", ...made(options) });
    for await (const event of runnable.streamEvents(input, config, filter)) {
      if (!added(event)) run.chunks.push(line(event));
    }
  };

/** The events of a stream, run by run, for where runs race or the turns between two runs do not matter. */
export const eventsByRun =
  (input: unknown, options: Config = {}): Drive =>
  async (runnable, run) => {
    await events(input, options)(runnable, run);
    const byRun = new Map<string, string[]>();
    for (const line of run.chunks as string[]) {
      const [id = "", ...rest] = line.split(" ");
      byRun.set(id, [...(byRun.get(id) ?? []), rest.join(" ")]);
    }
    const lines = [...byRun.values()].map((events) => events.join("\n"));
    run.chunks.splice(0, Number.POSITIVE_INFINITY, ...lines.toSorted());
  };

/** The operations of a run log, in order. */
export const log =
  (input: unknown, options?: object, filter?: object): Drive =>
  async (runnable, run) => {
    const ids = new Ids();
    for await (const { ops } of runnable.streamLog(input, run.config(options), filter)) {
      const kept = ops.filter(({ path }: { path: string }) => !path.endsWith("/end_time"));
      run.chunks.push(
        kept.map((op: { op: string; path: string; value: unknown }) => `${op.op} ${op.path} ${text(op.value, ids)}`),
      );
    }
  };

/** Everything that can be seen of a scenario. */
async function observe(scenario: Scenario, lib: Lib): Promise<Record<string, unknown>> {
  const ids = new Ids();
  const notes: unknown[] = [];
  const recorder = new Recorder(ids, typeof scenario.fails !== "object");
  const config = (given?: object): any =>
    scenario.observe === undefined ? given : { ...given, callbacks: [...((given as any)?.callbacks ?? []), recorder] };
  const run: Run = { lib, chunks: [], recorder, config };
  const seen: Record<string, unknown> = {};
  try {
    const runnable = scenario.build(lib, (value) => void notes.push(plain(value, ids)));
    const driven = scenario.drive(runnable, run);
    seen.result = plain(await (scenario.timers === "fake" ? passTime(driven) : driven), ids);
  } catch (error) {
    seen.error = failureText(error, scenario, lib);
  }
  seen.chunks = plain(run.chunks, ids);
  seen.notes = notes;
  if (scenario.observe === "calls") seen.calls = recorder.flat;
  if (scenario.observe === "tree") seen.calls = recorder.tree;
  return seen;
}

async function passTime<T>(driven: Promise<T>): Promise<T> {
  let running = true;
  const ended = driven.finally(() => {
    running = false;
  });
  ended.catch(() => {});
  while (running) await vi.advanceTimersByTimeAsync(500);
  return ended;
}

function failureText(error: unknown, { fails }: Scenario, lib: Lib): string {
  if (fails === undefined) return `unexpected: ${error instanceof Error ? error.stack : JSON.stringify(error)}`;
  if (typeof fails !== "object") return errorText(error);
  if (lib === ours && (error as { code?: unknown }).code !== fails.code)
    return `not ${fails.code}: ${errorText(error)}`;
  return "an error of the library";
}

const theirs = langchain as Lib;
const ours = runlane as unknown as Lib;

/** Runs a table of scenarios with both libraries. */
export function compare(title: string, scenarios: Scenario[]): void {
  describe(title, () => {
    it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))("%s", async (_name, scenario) => {
      if (scenario.timers === "fake") vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      try {
        const expected = await observe(scenario, theirs);
        const seen = await observe(scenario, ours);
        const { differs, fails } = scenario;
        if (differs === undefined) {
          expect("error" in expected, `LangChain's outcome: ${expected.error}`).toBe(fails !== undefined);
          expect(seen).toEqual(expected);
        } else {
          expect(seen, `Runlane, where LangChain's defect is: ${differs.defect}`).toMatchObject(differs.runlane);
          expect(expected, "LangChain no longer differs: remove the mark").not.toMatchObject(differs.runlane);
        }
      } finally {
        vi.useRealTimers();
      }
    });
  });
}

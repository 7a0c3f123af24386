import { describe, expect, it } from "vitest";
import { RunnableLambda } from "../../src/index.ts";
import { createLane, reviveStage, type StageRunner } from "../../src/lane-kit/index.ts";
import { LOOP_SKIPS, laneCases, stageOf } from "../../src/testing/index.ts";
import { all } from "../runnables/support.ts";

const here = (open: (shipped: unknown, label: string) => Promise<StageRunner> = (shipped) => reviveStage(shipped)) =>
  createLane({ name: "here", open });

describe("a lane made of what runs single inputs", () => {
  for (const { name, skip, run } of laneCases({ open: () => here(), skip: LOOP_SKIPS, patienceMs: 15_000 })) {
    if (skip === undefined) it(name, run);
    else it.skip(`${name} (${skip})`, run);
  }

  it("opens a stage once, with its label, and has a name of its own", async () => {
    const opened: string[] = [];
    await using lane = here((shipped, label) => {
      opened.push(label);
      return reviveStage(shipped);
    });
    const step = new RunnableLambda({ func: (x: number) => x * 2, name: "double" }).withLane(lane);
    expect(await step.batch([1, 2, 3])).toEqual([2, 4, 6]);
    expect(opened).toEqual(["double"]);
    expect(step.laneName).toBe("here");
  });

  it("may run its stages elsewhere", async () => {
    const sent: unknown[] = [];
    await using lane = here(async () => ({
      run: async (input) => {
        sent.push(input);
        return `answer to ${input}`;
      },
      async *stream(input) {
        yield `first of ${input}`;
      },
    }));
    const stage = stageOf((x: number) => x);
    expect(await lane.run(stage, 1)).toBe("answer to 1");
    expect(await all(lane.stream(stage, 2))).toEqual(["first of 2"]);
    expect(sent).toEqual([1]);
  });

  it("tells what kept a stage from being opened", async () => {
    const cause = new Error("nobody is there");
    await using lane = here(() => Promise.reject(cause));
    await expect(
      lane.run(
        stageOf((x: number) => x),
        1,
      ),
    ).rejects.toMatchObject({ code: "RUNLANE_WORKER_START", cause });
  });
});

describe("reviveStage", () => {
  it("makes functions as it is told, those that functions use included", async () => {
    const { shipped } = stageOf(
      RunnableLambda.from((x: number, { uses }) => uses.twice(x), { uses: { twice: (x: number) => x * 2 } }) as never,
    );
    const made: string[] = [];
    const stage = await reviveStage(structuredClone(shipped), {
      evaluate: (source, name) => {
        made.push(name);
        // biome-ignore lint/security/noGlobalEval: it is what lanes do
        return globalThis.eval(`(${source})`);
      },
    });
    expect(await stage.run(21, { signal: undefined, config: undefined })).toBe(42);
    expect(made).toHaveLength(2);
  });
});

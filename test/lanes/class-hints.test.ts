import { runInNewContext } from "node:vm";
import { afterAll, describe, expect, it } from "vitest";
import { registerClass } from "../../src/index.ts";
import type { Lane, LaneStage } from "../../src/lanes/lane.ts";
import { KINDS, open, stageOf } from "./helpers.ts";

const lanes = new Map(KINDS.map((kind) => [kind, open(kind, { max: 1 })]));
afterAll(async () => {
  for (const lane of lanes.values()) await lane.close();
});

class Point {
  constructor(readonly x: number) {}
}

class Secretive {
  readonly #x = 5;
  get x() {
    return this.#x;
  }
}
class Stateless {
  run() {}
}
class Index extends Map<string, number> {}
class Vector extends Array<number> {}

const hintsOf = (lane: Lane, stage: LaneStage) =>
  lane.statistics().find(({ label }) => label === stage.label)?.hints ?? [];
const stageNamed = (exportName: string, label: string): LaneStage => ({ ...stageOf(exportName, "explained"), label });

describe.each(KINDS)("instances of classes that nobody registered, on the lane %s", (kind) => {
  const lane = lanes.get(kind)!;

  it("leave a hint for each class, once, with the path and the remedy", async () => {
    const stage = stageNamed("point", "both ways");
    for (const x of [1, 2, 3]) expect(await lane.run(stage, { at: new Point(x) })).toEqual({ deep: [{ x }] });
    expect(hintsOf(lane, stage)).toEqual([
      "input.at is an instance of Point, and arrives as a plain object, without methods and private fields. registerClass(Point), called in the module of the class, keeps it whole.",
      expect.stringMatching(/^output\.deep\[0\] is an instance of Out, /),
    ]);
  });

  it.each([
    ["all of whose state is private", new Secretive()],
    ["without any state", new Stateless()],
    ["of a subclass of Map", new Index([["a", 1]])],
    ["of a subclass of Array", Vector.of(1, 2)],
  ])("leave it when they are %s", async (_, input) => {
    const { name } = input.constructor;
    const stage = stageNamed("typeOf", `private ${name}`);
    await expect(lane.run(stage, { at: input })).resolves.toBe("object");
    expect(hintsOf(lane, stage)).toEqual([expect.stringContaining(`input.at is an instance of ${name}, and arrives`)]);
  });

  it("leave it when they are outputs all of whose state is private", async () => {
    const stage = stageNamed("secret", "private output");
    await expect(lane.run(stage, 1)).resolves.toEqual({});
    expect(hintsOf(lane, stage)).toEqual([expect.stringContaining("output is an instance of Secret, ")]);
  });

  it("leave it with their own stage alone", async () => {
    const [quiet, loud] = [stageNamed("increment", "quiet"), stageNamed("increment", "loud")];
    await Promise.all([lane.run(quiet, { x: 1 }), lane.run(loud, new Point(1))]);
    expect(hintsOf(lane, quiet)).toEqual([]);
    expect(hintsOf(lane, loud)).toEqual([expect.stringMatching(/^input is an instance of Point/)]);
  });

  it("leave it when they are streamed", async () => {
    const stage = stageNamed("points", "streamed");
    for await (const _ of lane.stream(stage, 2));
    expect(hintsOf(lane, stage)).toEqual([expect.stringMatching(/^output\[0\] is an instance of Streamed/)]);
  });

  it("leave none where nothing is lost: plain data, registered classes, objects of other realms", async () => {
    class Known {
      x = 1;
    }
    registerClass(Known, { serialize: ({ x }) => x, deserialize: () => new Known() });
    const stage = stageNamed("increment", "lossless");
    for (const input of [
      { a: [1] },
      new Map([[1, new Date()]]),
      new Error("data"),
      runInNewContext("({ x: 1 })"),
      runInNewContext("[[], {}]"),
    ])
      await lane.run(stage, input);
    await lane.run(stage, new Known()).catch(() => {});
    expect(hintsOf(lane, stage)).toEqual([]);
  });
});

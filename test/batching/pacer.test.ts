import { expect, it } from "vitest";
import { LoopPacer } from "../../src/batching/pacer.ts";

function fake() {
  const loop = { time: 0, later: [] as (() => void)[] };
  const pacer = new LoopPacer(
    () => loop.time,
    (callback) => void loop.later.push(callback),
  );
  const turnLoop = (): void => {
    for (const callback of loop.later.splice(0)) callback();
  };
  return { loop, pacer, turnLoop };
}

it("a slice is spent 8 ms after the first look at the clock in a turn", () => {
  const { loop, pacer } = fake();
  loop.time = 100;
  expect(pacer.spent()).toBe(false);
  loop.time = 107.9;
  expect(pacer.spent()).toBe(false);
  loop.time = 108;
  expect(pacer.spent()).toBe(true);
});

it("a new turn of the loop has a new slice", () => {
  const { loop, pacer, turnLoop } = fake();
  pacer.spent();
  loop.time = 9;
  expect(pacer.spent()).toBe(true);
  turnLoop();
  expect(pacer.spent()).toBe(false);
});

it("what is parked goes on in the next turn, longest parked first", () => {
  const { pacer, turnLoop } = fake();
  const log: string[] = [];
  pacer.park(() => log.push("first"));
  pacer.park(() => log.push("second"));
  expect(log).toEqual([]);
  turnLoop();
  expect(log).toEqual(["first", "second"]);
});

it("who uses up the slice leaves the others to the next turn", () => {
  const { loop, pacer, turnLoop } = fake();
  const log: string[] = [];
  pacer.park(() => {
    log.push("busy");
    loop.time += 10;
  });
  pacer.park(() => log.push("patient"));
  turnLoop();
  expect(log).toEqual(["busy"]);
  turnLoop();
  expect(log).toEqual(["busy", "patient"]);
});

it("who parks again while being resumed waits for another turn", () => {
  const { pacer, turnLoop } = fake();
  let runs = 0;
  const again = (): void => {
    runs++;
    pacer.park(again);
  };
  pacer.park(again);
  turnLoop();
  expect(runs).toBe(1);
  turnLoop();
  expect(runs).toBe(2);
});

it("a turn asks for one callback however often it is looked at", () => {
  const { loop, pacer } = fake();
  pacer.spent();
  pacer.spent();
  pacer.park(() => {});
  expect(loop.later).toHaveLength(1);
});

it("who waits for what starts now is called at once, or after the slice of who was parked before", () => {
  const { pacer, turnLoop } = fake();
  const log: string[] = [];
  pacer.afterParked(() => log.push("at once"));
  pacer.park(() => log.push("parked"));
  pacer.afterParked(() => log.push("after"));
  expect(log).toEqual(["at once"]);
  turnLoop();
  expect(log).toEqual(["at once", "parked", "after"]);
});

import { expect, test } from "vitest";
import { framesOf, placeText, userFrame } from "../../src/diagnose/frames.ts";

const stack = `Error
    at <anonymous>:5:9
    at spin (file:///app/node_modules/slow/index.js:3:1)
    at RunnableLambda.summarize (file:///app/summarize.ts:28:5)
    at async file:///app/main.ts:7:3
    at RunnableLambda.call (/app/node_modules/runlane/dist/chunk.js:1:1)
    at node:internal/main:1:1
    at new Thing (/app/thing (1).js:2:2)`;

test("the frames are those of somebody's code, Runlane's and Node's left out", () => {
  const frames = framesOf(stack, ["/app/node_modules/runlane/dist/"]);
  expect(frames.map(placeText)).toEqual([
    "/app/node_modules/slow/index.js:3",
    "/app/summarize.ts:28",
    "/app/thing (1).js:2",
  ]);
  expect(frames[1]?.text).toBe("RunnableLambda.summarize (file:///app/summarize.ts:28:5)");
});

test("the line that counts is the first one of no package", () => {
  const frames = framesOf(stack, []);
  expect(placeText(userFrame(frames)!)).toBe("/app/summarize.ts:28");
});

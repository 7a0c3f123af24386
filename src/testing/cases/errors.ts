import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { has, rejection, rejects } from "../expectations.ts";
import type { CaseDefinition } from "../lane-case.ts";
import { stageOf } from "../stage-of.ts";

/** Throws in different ways. Travels by its source. */
const throws = (kind: string): never => {
  class OddError extends Error {
    readonly code = "E_ODD";
    constructor(message: string) {
      super(message, { cause: new SyntaxError("of it") });
      this.name = "OddError";
    }
  }
  const cause = Object.assign(new TypeError("the cause", { cause: "its own cause" }), { code: "E_CAUSE" });
  switch (kind) {
    case "built-in":
      throw Object.assign(new RangeError("too far", { cause }), { code: "E_FAR", details: { limit: 7n } });
    case "custom":
      throw new OddError("odd");
    case "aggregate":
      throw new AggregateError([new RangeError("first"), "second"], "several");
    case "abort":
      throw new DOMException("aborted inside", "AbortError");
    default:
      throw kind === "undefined" ? undefined : { plain: kind };
  }
};

export const ERRORS: CaseDefinition[] = [
  {
    name: "keeps class, message, code, own properties, cause and stack of an error",
    async check({ lane }) {
      const error = (await rejection(lane.run(stageOf(throws), "built-in"))) as RangeError & { cause: TypeError };
      ok(error instanceof RangeError);
      has(error, { name: "RangeError", message: "too far", code: "E_FAR", details: { limit: 7n } });
      ok(error.cause instanceof TypeError);
      has(error.cause, { message: "the cause", code: "E_CAUSE", cause: "its own cause" });
      ok(error.stack?.includes("throws"), "the stack names the function that threw");
    },
  },
  {
    name: "keeps the name of a class of errors that is known only where it was thrown",
    async check({ lane }) {
      const error = (await rejection(lane.run(stageOf(throws), "custom"))) as Error;
      ok(error instanceof Error);
      has(error, { name: "OddError", message: "odd", code: "E_ODD" });
      strictEqual(error.constructor.name, "OddError");
      ok(error.cause instanceof SyntaxError);
    },
  },
  {
    name: "keeps the errors of an AggregateError",
    async check({ lane }) {
      const error = (await rejection(lane.run(stageOf(throws), "aggregate"))) as AggregateError;
      ok(error instanceof AggregateError);
      ok(error.errors[0] instanceof RangeError);
      strictEqual(error.errors[1], "second");
    },
  },
  {
    name: "keeps the name of a DOMException",
    async check({ lane }) {
      const error = await rejection(lane.run(stageOf(throws), "abort"));
      ok(error instanceof DOMException);
      has(error, { name: "AbortError", message: "aborted inside" });
    },
  },
  {
    name: "rejects with what was thrown, although it is no error",
    async check({ lane }) {
      const stage = stageOf(throws);
      strictEqual(await rejection(lane.run(stage, "undefined")), undefined);
      deepStrictEqual(await rejection(lane.run(stage, "something")), { plain: "something" });
    },
  },
  {
    name: "rejects with what an async function throws after it has waited",
    async check({ lane }) {
      const stage = stageOf(async (input: string) => {
        await new Promise((resolve) => setTimeout(resolve, 0));
        throw Object.assign(new RangeError(input), { code: "E_LATE" });
      });
      await rejects(lane.run(stage, "late"), { name: "RangeError", message: "late", code: "E_LATE" });
    },
  },
];

import { describe, expect, it } from "vitest";
import { RunlaneError, runlaneError } from "../../src/core/errors/errors.ts";
import { TRANSPORTS } from "./data-transports.ts";

class HttpError extends TypeError {
  override name = "HttpError";
  constructor(
    message: string,
    readonly status: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

describe.each(TRANSPORTS)("an error that travels between $name", (transport) => {
  it.each([Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError])(
    "is of its class: %s",
    (Class) => {
      const error = new Class("no");
      const arrived = transport.throw(error);
      expect(Object.getPrototypeOf(arrived)).toBe(Class.prototype);
      expect(arrived).toMatchObject({ message: "no", stack: error.stack, name: Class.name });
      expect(Object.keys(arrived)).toEqual([]);
      expect(Object.getOwnPropertyDescriptor(arrived, "cause")).toBeUndefined();
    },
  );

  it("keeps its code, its own properties and its causes", () => {
    const root = Object.assign(new RangeError("deep"), { code: "E_DEEP" });
    const error = Object.assign(new Error("top", { cause: new TypeError("middle", { cause: root }) }), {
      code: "E_TOP",
      details: { tried: [1, 2], at: new Date(0), by: new Map([["a", 1n]]) },
    });
    const arrived = transport.throw(error);
    expect(arrived).toMatchObject({ code: "E_TOP", details: error.details });
    expect(arrived.cause).toBeInstanceOf(TypeError);
    expect(arrived.cause.cause).toBeInstanceOf(RangeError);
    expect(arrived.cause.cause).toMatchObject({ message: "deep", code: "E_DEEP", stack: root.stack });
    expect(Object.keys(arrived)).toEqual(["code", "details"]);
    expect(Object.getOwnPropertyDescriptor(arrived, "cause")?.enumerable).toBe(false);
    expect(transport.throw(new Error("no", { cause: undefined }))).toHaveProperty("cause", undefined);
    expect(transport.throw(new Error("no", { cause: "text" })).cause).toBe("text");
  });

  it("may be its own cause", () => {
    const error = new Error("again") as Error & { self?: unknown };
    error.cause = error;
    error.self = { error };
    const arrived = transport.throw(error);
    expect(arrived.cause).toBe(arrived);
    expect(arrived.self.error).toBe(arrived);
  });

  it("keeps the errors that it gathers", () => {
    const arrived = transport.throw(new AggregateError([new TypeError("a"), "b"], "both"));
    expect(arrived).toBeInstanceOf(AggregateError);
    expect(arrived.errors[0]).toBeInstanceOf(TypeError);
    expect(arrived.errors[1]).toBe("b");
    expect(Object.keys(arrived)).toEqual([]);
  });

  it("keeps the name of a class that is unknown there, above the nearest class that is known", () => {
    const arrived = transport.throw(new HttpError("not found", 404, { cause: "why" }));
    expect(arrived).toBeInstanceOf(TypeError);
    expect(arrived.constructor.name).toBe("HttpError");
    expect(arrived).toMatchObject({ name: "HttpError", status: 404, cause: "why" });
    expect(String(arrived)).toBe("HttpError: not found");
    expect(transport.throw(new HttpError("", 1)).constructor).toBe(arrived.constructor);
    class Quiet extends Error {}
    const quiet = transport.throw(new Quiet("shh"));
    expect([quiet.constructor.name, quiet.name]).toEqual(["Quiet", "Error"]);
  });

  it.each(["AbortError", "TimeoutError"])("may be a DOMException: %s", (name) => {
    const error = new DOMException("stopped", name);
    const arrived = transport.throw(error);
    expect(arrived).toBeInstanceOf(DOMException);
    expect([arrived.name, arrived.message, arrived.code]).toEqual([name, "stopped", error.code]);
    expect(arrived.stack).toBe(error.stack);
  });

  it("is what Runlane raised, with its code", () => {
    const error = Object.assign(runlaneError("RUNLANE_NO_RUN", { event: "e" }), { issues: [{ path: ["a"] }] });
    const arrived = transport.throw(error);
    expect(arrived).toBeInstanceOf(RunlaneError);
    expect(arrived.constructor).toBe(RunlaneError);
    expect(arrived).toMatchObject({
      name: "RunlaneError",
      code: "RUNLANE_NO_RUN",
      message: error.message,
      issues: error.issues,
    });
  });

  it("arrives without what cannot travel with it", () => {
    const error = Object.assign(new Error("request failed"), {
      config: { url: "/a", adapter: () => 1, agent: new AbortController() },
      toJSON: () => ({}),
      list: [1, () => 2, 3],
      map: new Map<unknown, unknown>([["a", () => 1]]),
    });
    const get = () => {
      throw new Error("no");
    };
    Object.defineProperty(error, "broken", { get, enumerable: true });
    const arrived = transport.throw(error);
    expect(arrived).toMatchObject({ message: "request failed", config: { url: "/a" } });
    expect(Object.keys(arrived)).toEqual(["config", "list", "map"]);
    expect(Object.keys(arrived.config)).toEqual(["url"]);
    expect(arrived.list).toEqual([1, undefined, 3]);
  });

  it.each([["a string"], [undefined], [null], [0], [{ status: 500, nested: [new Error("in it")] }], [[1]]])(
    "may be no error at all: %o",
    (thrown) => {
      expect(transport.throw(thrown)).toEqual(thrown);
    },
  );

  it.each([
    ["a function", () => 1, "() => 1"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
  ])("is its text when that is all that can travel: %s", (_, thrown, text) => {
    expect(transport.throw(thrown)).toBe(text);
  });

  it("arrives whatever its parts do", () => {
    const hostile = new Proxy(new Error("x"), {
      get() {
        throw new Error("trap");
      },
    });
    expect(transport.throw(hostile)).toBe("an object");
    expect(transport.throw(Promise.resolve())).toBe("[object Promise]");
    const odd = new Error("odd");
    Object.defineProperty(odd, "stack", { value: 5 });
    Object.defineProperty(odd, "message", { value: { not: "text" } });
    expect(transport.throw(odd).message).toBe("[object Object]");
    const bare = Object.setPrototypeOf(new Error("bare"), null);
    expect(transport.throw(bare).message).toBe("bare");
    let chain = new Error("first");
    for (let depth = 0; depth < 50_000; depth++) chain = new Error("next", { cause: chain });
    expect(transport.throw(chain)).toMatchObject({ message: "next", stack: chain.stack });
  });

  it("is an error in data as well", () => {
    const error = new HttpError("not found", 404);
    const arrived = transport.send({ outcomes: [{ error }, new Map([["again", error]])] });
    expect(arrived.outcomes[0].error).toMatchObject({ message: "not found", status: 404, name: "HttpError" });
    expect(arrived.outcomes[1].get("again")).toBe(arrived.outcomes[0].error);
    expect(arrived.outcomes[0].error.stack).toBe(error.stack);
  });

  it("does not take from the data what it does without itself", () => {
    const config = { adapter: () => 1 };
    const error = Object.assign(new Error("e"), { config });
    expect(Object.keys(transport.send([error])[0].config)).toEqual([]);
    expect(() => transport.send([error, config])).toThrow("input[1].adapter is the function adapter");
  });

  it("arrives with its fields, one of which is nested too deeply", () => {
    let tree: unknown = 1;
    for (let level = 0; level < 2250; level++) tree = { level, tree };
    const arrived = transport.throw(Object.assign(new HttpError("not found", 404), { tree, after: "this" }));
    expect(arrived).toMatchObject({ name: "HttpError", message: "not found", status: 404, after: "this" });
  });

  it("arrives with its fields and as many causes as anybody reads, when it has thousands", () => {
    let error = new Error("the first");
    for (let at = 0; at < 3000; at++) error = new HttpError(`cause ${at}`, at, { cause: error });
    const arrived = transport.throw(error);
    expect(arrived).toMatchObject({ message: "cause 2999", status: 2999, cause: { status: 2998 } });
    let causes = 0;
    for (let cause = arrived.cause; cause !== undefined; cause = cause.cause) causes++;
    expect(causes).toBeGreaterThanOrEqual(50);
  });

  it("arrives where Error is frozen, as --frozen-intrinsics does", () => {
    const packed = new HttpError("no", 404);
    const { stackTraceLimit } = Error;
    Object.defineProperty(Error, "stackTraceLimit", { writable: false });
    try {
      expect(transport.throw(packed)).toMatchObject({ name: "HttpError", message: "no", status: 404 });
    } finally {
      Object.defineProperty(Error, "stackTraceLimit", { value: stackTraceLimit, writable: true });
    }
  });

  it("leaves the limit of stacks as it was", () => {
    const { stackTraceLimit } = Error;
    transport.throw(new HttpError("no", 1));
    expect(Error.stackTraceLimit).toBe(stackTraceLimit);
  });
});

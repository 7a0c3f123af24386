import { StringOutputParser } from "@langchain/core/output_parsers";
import * as langchain from "@langchain/core/runnables";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { serialized } from "../../src/core/serialization/serializable.ts";
import * as runlane from "../../src/index.ts";

/** What both libraries have, under one type. */
type Library = any;

const parser = new StringOutputParser();
const scenarios: Record<string, (library: Library) => unknown> = {
  "a lambda": ({ RunnableLambda }) => RunnableLambda.from((x: unknown) => x),
  "a sequence of two from an array": ({ RunnableSequence }) => RunnableSequence.from([parser, parser]),
  "a sequence of four from an array": ({ RunnableSequence }) => RunnableSequence.from([parser, parser, parser, parser]),
  "a sequence with a name": ({ RunnableSequence }) => RunnableSequence.from([parser, parser], "both"),
  "a sequence without tags": ({ RunnableSequence }) =>
    RunnableSequence.from([parser, parser], { name: "both", omitSequenceTags: true }),
  "a sequence of fields": ({ RunnableSequence }) => new RunnableSequence({ first: parser, last: parser }),
  "a pipe": ({ RunnablePassthrough }) => new RunnablePassthrough().pipe(parser),
  "a pipe of three, with a function": ({ RunnablePassthrough }) =>
    new RunnablePassthrough().pipe(parser).pipe((text: string) => text),
  "a pipe of a named sequence": ({ RunnableSequence }) => RunnableSequence.from([parser, parser], "both").pipe(parser),
  "a map of steps": ({ RunnableMap }) => RunnableMap.from({ camelCase: parser, inner: { a: parser } }),
  "a map with the key lc": ({ RunnableMap }) => RunnableMap.from({ lc: parser }),
  "a passthrough": ({ RunnablePassthrough }) => new RunnablePassthrough(),
  "a passthrough with a function": ({ RunnablePassthrough }) => new RunnablePassthrough({ func: () => 1 }),
  "an assign": ({ RunnablePassthrough }) => RunnablePassthrough.assign({ a: parser }),
  "an assign of fields": ({ RunnableAssign, RunnableMap }) =>
    new RunnableAssign({ mapper: new RunnableMap({ steps: { a: parser } }) }),
  "the method assign": ({ RunnablePassthrough }) => new RunnablePassthrough().assign({ a: parser }),
  "a pick of one key": ({ RunnablePick }) => new RunnablePick("fooBar"),
  "a pick of keys": ({ RunnablePick }) => new RunnablePick(["a", "fooBar"]),
  "the method pick": ({ RunnablePassthrough }) => new RunnablePassthrough().pick(["a"]),
  "a branch": ({ RunnableBranch }) => RunnableBranch.from([[(x: unknown) => x, parser], [parser, parser], parser]),
  "a router": ({ RouterRunnable }) => new RouterRunnable({ runnables: { a: parser, fooBar: parser } }),
  "an each": ({ RunnableEach }) => new RunnableEach({ bound: parser }),
  "a binding of a config": ({ RunnablePassthrough }) =>
    new RunnablePassthrough().withConfig({ runName: "x", tags: ["a"], configurable: { fooBar: 1 } }),
  "a binding of call options": ({ RunnableBinding }) =>
    new RunnableBinding({ bound: parser, kwargs: { stopWords: ["a"] }, config: {} }),
  "a binding of a config with an lc key in it": ({ RunnablePassthrough }) =>
    new RunnablePassthrough().withConfig({ metadata: { list: [{ lc: 1 }], lc: { lc: 2 } } }),
  "a binding of a config that looks escaped": ({ RunnablePassthrough }) =>
    new RunnablePassthrough().withConfig({ metadata: { __lc_escaped__: 1 } }),
  fallbacks: ({ RunnablePassthrough }) => new RunnablePassthrough().withFallbacks([parser]),
  "fallbacks of fields": ({ RunnableWithFallbacks }) =>
    new RunnableWithFallbacks({ runnable: parser, fallbacks: [parser, parser] }),
  "a retry": ({ RunnablePassthrough }) => new RunnablePassthrough().withRetry(),
  "a retry of fields": ({ RunnableRetry }) =>
    new RunnableRetry({ bound: parser, kwargs: {}, config: {}, maxAttemptNumber: 2 }),
};

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("the serialized form is LangChain's", () => {
  it.each(Object.entries(scenarios))("of %s", (_, make) => {
    expect(json(make(runlane))).toEqual(json(make(langchain)));
  });

  it.each(Object.entries(scenarios))("and the address is LangChain's of %s", (_, make) => {
    const [ours, theirs] = [make(runlane), make(langchain)] as Library[];
    expect([ours.lc_id, ours.lc_namespace, ours.lc_serializable, ours.constructor.lc_name()]).toEqual([
      theirs.lc_id,
      theirs.lc_namespace,
      theirs.lc_serializable ?? false,
      theirs.constructor.lc_name(),
    ]);
    expect(Object.keys(json(ours.lc_kwargs) as object)).toEqual(
      expect.arrayContaining(ours.lc_serializable ? Object.keys(json(theirs.lc_kwargs) as object) : []),
    );
  });

  it("but has the number of attempts of withRetry once", () => {
    const [ours, theirs] = [new runlane.RunnablePassthrough(), new langchain.RunnablePassthrough()].map(
      (runnable: Library) => json(runnable.withRetry({ stopAfterAttempt: 2 })),
    ) as [any, any];
    const { stop_after_attempt, ...kwargs } = theirs.kwargs;
    expect(stop_after_attempt).toBe(kwargs.max_attempt_number);
    expect(ours).toEqual({ ...theirs, kwargs });
  });

  it("of a binding with listeners, which load refuses", async () => {
    const [ours, theirs] = [runlane.RunnableBinding, langchain.RunnableBinding].map((Binding: Library) =>
      json(new Binding({ bound: parser, config: {}, configFactories: [() => ({})] })),
    ) as [any, any];
    expect(ours).toEqual(theirs);
    const pick = new runlane.RunnablePick("a");
    const bound = new runlane.RunnableBinding({ bound: pick, config: {}, configFactories: [() => ({})] });
    await expect(runlane.load(JSON.stringify(bound))).rejects.toThrow("its configFactories are functions");
  });

  it("of a tool, but for fields that are empty", () => {
    const tool = { name: "tool", description: "a tool", schema: z.object({ a: z.string() }) };
    const [ours, theirs] = [new runlane.RunnablePick("a"), new langchain.RunnablePick("a")].map((pick: Library) =>
      json(pick.asTool(tool)),
    ) as [any, any];
    delete theirs.kwargs.bound.kwargs.bound.kwargs.middle;
    expect(theirs).toMatchObject({ id: ours.id });
    expect({ ...theirs.kwargs, kwargs: {} }).toEqual(ours.kwargs);
  });

  it("and has what only Runlane has: data is kept, and functions that decide something are marked as missing", async () => {
    const pick = new runlane.RunnablePick("a");
    const backoff = { initialDelayMs: 5 };
    const retry = pick.withRetry({ stopAfterAttempt: Number.POSITIVE_INFINITY, backoff });
    const again = await runlane.load<runlane.RunnableRetry>(JSON.stringify(retry));
    expect(again.backoff).toEqual(backoff);
    expect(again.maxAttemptNumber).toBe(Number.MAX_SAFE_INTEGER);
    const keyed = pick.withFallbacks({ fallbacks: [pick], exceptionKey: "error" });
    expect((await runlane.load<Library>(JSON.stringify(keyed))).exceptionKey).toBe("error");

    const refusing = pick.withRetry({ retryIf: () => false });
    await expect(runlane.load(JSON.stringify(refusing))).rejects.toThrow("at $.kwargs.retry_if, function is missing");
    const choosing = pick.withFallbacks({ fallbacks: [pick], exceptionsToHandle: [TypeError] });
    await expect(runlane.load(JSON.stringify(choosing))).rejects.toThrow("at $.kwargs.exceptions_to_handle");
  });

  it("but writes dates in data as JSON does, where LangChain loses them", () => {
    const when = new Date(0);
    const [ours, theirs] = [new runlane.RunnablePassthrough(), new langchain.RunnablePassthrough()].map(
      (runnable: Library) => json(runnable.withConfig({ metadata: { when } })),
    ) as [any, any];
    expect(theirs.kwargs.config.metadata).toEqual({ when: {} });
    expect(ours.kwargs.config.metadata).toEqual({ when: "1970-01-01T00:00:00.000Z" });
  });

  it("has no more in instances than before: fields are made when somebody asks", () => {
    const sequence = runlane.RunnableSequence.from([parser, parser]);
    sequence.toJSON();
    expect(Object.hasOwn(sequence, "lc_kwargs")).toBe(false);
    expect(Object.keys(sequence.lc_kwargs)).toEqual(["first", "middle", "last"]);
  });

  it("marks an object inside itself instead of failing", () => {
    const metadata: Record<string, unknown> = { list: [] };
    metadata.self = metadata;
    (metadata.list as unknown[]).push(metadata.list);
    const bound = new runlane.RunnablePassthrough().withConfig({ metadata });
    const not_implemented = (name: string) => ({ lc: 1, type: "not_implemented", id: [name] });
    expect((json(bound) as any).kwargs.config.metadata).toEqual({
      list: [not_implemented("Array")],
      self: not_implemented("Object"),
    });
  });
});

describe("serialized", () => {
  it("is made once for each step", () => {
    const sequence = runlane.RunnableSequence.from([parser, parser]);
    expect(serialized(sequence)).toBe(serialized(sequence));
    expect(json(serialized(sequence))).toEqual(json(sequence));
  });

  it("is what LangChain's own runnables say about themselves", () => {
    const [step] = runlane.RunnableSequence.from([parser, (x: string) => x]).path as [object];
    expect(step).not.toBe(parser);
    expect(json(serialized(step))).toEqual(json(parser));
  });

  it("is not implemented for a step without toJSON", () => {
    expect(serialized({})).toEqual({ lc: 1, type: "not_implemented", id: ["Object"] });
  });
});

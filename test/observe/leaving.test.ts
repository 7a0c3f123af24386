import { describe, expect, it } from "vitest";
import { RunnableLambda } from "../../src/index.ts";
import { defer } from "../runnables/support.ts";

/** A step that waits for ever, and tells when its signal aborts. */
function waiting() {
  const aborted = defer<unknown>();
  const started = defer<void>();
  const step = RunnableLambda.from((_: number, { signal }) => {
    started.resolve();
    signal?.addEventListener("abort", () => aborted.resolve(signal.reason));
    return new Promise<number>(() => {});
  });
  return { step, aborted: aborted.promise, started: started.promise };
}

describe("a reader who leaves", () => {
  it.each(["v1", "v2"] as const)("while it waits for an event aborts the run at once, version %s", async (version) => {
    const { step, aborted, started } = waiting();
    const events = step.streamEvents(1, { version });
    const reading = (async () => {
      for await (const _ of events);
    })();
    await started;
    const left = events.return();
    await aborted;
    await Promise.all([left, reading]);
  });

  it("cancels the bytes of server-sent events, and the run with them", async () => {
    const { step, aborted, started } = waiting();
    const bytes = step.streamEvents(1, { version: "v2", encoding: "text/event-stream" });
    const reader = bytes.getReader();
    await reader.read();
    const pending = reader.read();
    await started;
    const cancelled = reader.cancel();
    await aborted;
    await Promise.all([cancelled, pending]);
  });
});

describe("a run whose function takes no notice of its signal", () => {
  it.each(["invoke", "stream"] as const)("fails at the abort, by %s", async (method) => {
    const ends: string[] = [];
    const handler = {
      handleChainEnd: () => ends.push("end"),
      handleChainError: (error: Error) => ends.push(error.name),
    };
    const { step, started } = waiting();
    const controller = new AbortController();
    const call = step[method](1, { signal: controller.signal, callbacks: [handler] });
    await started;
    controller.abort();
    await expect(call).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
    expect(ends).toEqual(["AbortError"]);
  });
});

import { context, createContextKey, propagation, trace } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { describe, expect, it } from "vitest";
import { RemoteRunnable } from "../../../src/adapters/remote/index.ts";
import { RunnableLambda } from "../../../src/index.ts";
import { post, serve } from "../../serve/support.ts";
import { start } from "./support.ts";

const fixture = (name: string) => new URL(`../../fixtures/opentelemetry/${name}`, import.meta.url);

describe.each(["thread", "process"] as const)("a trace on the lane %s", (lane) => {
  const active = RunnableLambda.fromModule(fixture("active.mjs"), "active", { lane, name: "there" });

  it("goes on: functions there find the span of the step as the active one, after an await too", async () => {
    const sdk = await start();
    const seen = (await RunnableLambda.from((x: number) => x, { name: "here" })
      .pipe(active)
      .invoke(1)) as object[];
    const { traceId, spanId } = sdk.span("there").spanContext();
    expect(seen).toEqual([
      { traceId, spanId },
      { traceId, spanId },
    ]);
    expect(sdk.span("there").attributes["runlane.lane"]).toBe(lane);
  });

  it("goes on in streams", async () => {
    const sdk = await start();
    const stream = RunnableLambda.fromModule(fixture("active.mjs"), "stream", { lane, name: "there" });
    const seen: unknown[] = [];
    for await (const chunk of await stream.stream(1)) seen.push(chunk);
    const { traceId, spanId } = sdk.span("invoke_workflow there").spanContext();
    expect(seen).toEqual([
      { traceId, spanId },
      { traceId, spanId },
    ]);
  });

  it("keeps inputs apart that travel together, and leaves no trace in their configs", async () => {
    const sdk = await start();
    const seen = (await active.batch([1, 2, 3])) as { traceId: string }[][];
    expect(new Set(seen.map(([first]) => first!.traceId)).size).toBe(3);
    expect(sdk.spans()).toHaveLength(3);
    const keys = RunnableLambda.fromModule(fixture("active.mjs"), "configKeys", { lane });
    expect(await keys.invoke(1)).not.toContain("runlane.carrier");
  });
});

describe("the active context inside a step", () => {
  it("has what was put into the contexts around it, and takes more", async () => {
    const sdk = await start();
    const [outer, own] = [createContextKey("outer"), createContextKey("own")];
    const seen: unknown[] = [];
    const look = RunnableLambda.from(
      (x: number) => {
        const active = context.active();
        const more = active.setValue(own, x);
        const less = more.deleteValue(outer);
        seen.push(
          active.getValue(own),
          more.getValue(own),
          more.getValue(outer),
          less.getValue(outer),
          less.getValue(own),
        );
        for (const one of [active, more, less]) seen.push(trace.getSpan(one)?.spanContext().spanId);
        return x;
      },
      { name: "look" },
    );
    await context.with(context.active().setValue(outer, "around"), () => look.pipe((x) => x).invoke(1));
    const { spanId } = sdk.span("look").spanContext();
    expect(seen).toEqual([undefined, 1, "around", undefined, 1, spanId, spanId, spanId]);
  });
});

describe("a trace over HTTP", () => {
  it("goes on in the server that a remote runnable asks", async () => {
    const sdk = await start();
    const { url } = await serve({
      shout: RunnableLambda.from((text: string) => text.toUpperCase(), { name: "shout" }),
    });
    const remote = new RemoteRunnable<string, string>({ url: `${url}/shout`, name: "remote" });
    expect(await remote.invoke("a")).toBe("A");
    expect(sdk.paths()).toEqual(["invoke_workflow remote > invoke_workflow shout", "invoke_workflow remote"]);
  });

  it("begins with the headers of the client, and is left out if the client says so", async () => {
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    const sdk = await start();
    const { url } = await serve({ echo: RunnableLambda.from((x: unknown) => x, { name: "echo" }) });
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const ask = (flags: string) =>
      post(`${url}/echo/invoke`, { input: 1 }, { headers: { traceparent: `00-${traceId}-b7ad6b7169203331-${flags}` } });
    await ask("00");
    expect(sdk.spans()).toEqual([]);
    await ask("01");
    const { parentSpanContext } = sdk.span("invoke_workflow echo");
    expect(sdk.span("invoke_workflow echo").spanContext().traceId).toBe(traceId);
    expect(parentSpanContext?.spanId).toBe("b7ad6b7169203331");
  });

  it("sends no header where there is no trace", async () => {
    await start();
    let sent: Headers | undefined;
    const scripted: typeof fetch = async (_url, init) => {
      sent = new Headers(init!.headers);
      return Response.json({ output: 1 });
    };
    const remote = new RemoteRunnable({ url: "http://localhost/x", fetch: scripted });
    await remote.invoke(1);
    expect(sent!.get("traceparent")).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    trace.disable();
    await remote.invoke(1);
    expect(sent!.get("traceparent")).toBeNull();
  });
});

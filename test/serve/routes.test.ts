import { describe, expect, it } from "vitest";
import { z } from "zod";
import { RunnableLambda } from "../../src/index.ts";
import { toResponse, toSSE } from "../../src/serve/routes.ts";

const words = RunnableLambda.from(async function* (text: string) {
  yield* text.split(" ");
});
const request = (init?: RequestInit) => new Request("http://localhost/", init);

describe("toSSE", () => {
  it("answers with the chunks of a chain, and headers of one's own", async () => {
    const response = await toSSE(request(), words, "a b", { headers: { "x-mine": "1" } });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("x-mine")).toBe("1");
    expect(await response.text()).toBe('event: data\ndata: "a"\n\nevent: data\ndata: "b"\n\nevent: end\n\n');
  });

  it("ends with an error that only the server hears of", async () => {
    const heard: unknown[] = [];
    const fails = RunnableLambda.from(async function* () {
      yield 1;
      throw new Error("the password is 12345");
    });
    const text = await (await toSSE(request(), fails, null, { onError: (error) => heard.push(error) })).text();
    expect(text).toContain('event: error\ndata: {"status_code":500,"message":"Internal Server Error"}');
    expect(heard).toMatchObject([{ message: "the password is 12345" }]);
  });

  it("stops the run when the request is aborted", async () => {
    let closed = false;
    const endless = RunnableLambda.from(async function* () {
      try {
        for (;;) {
          yield 1;
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      } finally {
        closed = true;
      }
    });
    const controller = new AbortController();
    const response = await toSSE(request({ signal: controller.signal }), endless, null);
    await response.body!.getReader().read();
    controller.abort();
    await expect.poll(() => closed).toBe(true);
  });

  it("tells a browser that wants to go on to stop", async () => {
    const response = await toSSE(request({ headers: { "last-event-id": "3" } }), words, "a");
    expect(response.status).toBe(204);
  });
});

describe("toResponse", () => {
  it("answers with the output", async () => {
    const count = RunnableLambda.from((text: string) => ({ words: text.split(" ").length }));
    expect(await (await toResponse(request(), count, "a b c")).json()).toEqual({ words: 3 });
  });

  it("says what is wrong with an input, and nothing of other errors", async () => {
    const typed = RunnableLambda.from((x: number) => x).withTypes({ input: z.number() });
    expect((await toResponse(request(), typed, "one" as unknown as number)).status).toBe(422);
    const heard: unknown[] = [];
    const fails = RunnableLambda.from(() => {
      throw new Error("the password is 12345");
    });
    const response = await toResponse(request(), fails, null, { onError: (error) => heard.push(error) });
    expect([response.status, await response.text()]).toEqual([500, '{"detail":"Internal Server Error"}']);
    expect(heard).toHaveLength(1);
  });
});

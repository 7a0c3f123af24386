import { RunnableLambda as LangChainLambda } from "@langchain/core/runnables";
import { afterAll, describe, expect, it, vi } from "vitest";
import { handler } from "../../src/adapters/aws-lambda/index.ts";
import { RunnableLambda, resource } from "../../src/index.ts";
import { LambdaFunction } from "./runtime-api.ts";

const parse = (text: string) => JSON.parse(text) as unknown;

/** The body and the head of a streamed HTTP response. */
function parts(body: string): { prelude: unknown; content: string } {
  const [prelude = "", content = ""] = body.split("\0".repeat(8));
  return { prelude: parse(prelude), content };
}

const urlEvent = (rest: object) => ({
  version: "2.0",
  requestContext: { http: { method: "POST", path: "/" } },
  headers: { "content-type": "application/json" },
  ...rest,
});
const message = (messageId: string, body: unknown, group?: string) => ({
  messageId,
  body: typeof body === "string" ? body : JSON.stringify(body),
  eventSource: "aws:sqs",
  attributes: group === undefined ? {} : { MessageGroupId: group },
});
const kinesis = (sequenceNumber: string, data: string, partitionKey = "a") => ({
  eventSource: "aws:kinesis",
  kinesis: { sequenceNumber, partitionKey, data: Buffer.from(data).toString("base64") },
});

afterAll(() => LambdaFunction.stopLasting());

describe("a function on the runtime API", () => {
  it("gives the event to the chain, and its output back, one call after the other", async () => {
    const func = await LambdaFunction.start("echo");
    expect(parse((await func.invoke({ a: [1, "ü"] })).body)).toEqual({ a: [1, "ü"] });
    expect(parse((await func.invoke("text")).body)).toBe("text");
  });

  it("fails a call with what the chain throws, and takes the next one", async () => {
    const func = await LambdaFunction.start("fails");
    for (const input of ["this", "that"]) {
      const { kind, body } = await func.invoke(input);
      expect(kind).toBe("error");
      expect(parse(body)).toMatchObject({
        errorType: "TypeError",
        errorMessage: `cannot do ${input}`,
        cause: "the cause",
      });
    }
  });

  it("ends a call before the function's time is up", async () => {
    const func = await LambdaFunction.start("waits");
    const { kind, body } = await func.invoke("x", { timeoutMs: 700 });
    expect(kind).toBe("error");
    expect(parse(body)).toMatchObject({ errorType: "TimeoutError", errorMessage: expect.stringContaining("500 ms") });
  });

  it("tells the runtime when its module does not load", async () => {
    const func = await LambdaFunction.start("notOne");
    expect(parse(await func.initError)).toMatchObject({ errorMessage: "notOne is not a function" });
  });
});

describe("loading", () => {
  it("is done in the init phase, once", async () => {
    const func = await LambdaFunction.start("warm", { env: { WARM: "yes" } });
    await func.initialized;
    expect(parse((await func.invoke(0)).body)).toEqual(["model", "load 1"]);
    expect(parse((await func.invoke(0)).body)).toEqual(["model", "load 1"]);
  });

  it("fails the first call with its cause when it failed, and is tried again by the next", async () => {
    const func = await LambdaFunction.start("warm", { env: { WARM: "yes", FAILED_LOADS: "1" } });
    const { kind, body } = await func.invoke(0);
    expect(kind).toBe("error");
    expect(parse(body)).toMatchObject({ cause: "load 1 failed" });
    expect(parse((await func.invoke(0)).body)).toEqual(["model", "load 1", "load 2"]);
  });

  it("is left to the first use without warm", async () => {
    let loads = 0;
    const counted = resource("counted", () => ++loads);
    const chain = RunnableLambda.from((_: unknown, { uses }) => uses.counted, { uses: { counted } });
    const lazy = handler(chain, { warm: false });
    await lazy.ready;
    expect(loads).toBe(0);
    expect(await lazy(null)).toBe(1);
    await handler(chain).ready;
    expect(loads).toBe(1);
  });
});

describe("an HTTP request", () => {
  it("gives its JSON body to the chain, also in base64, and gets text as text", async () => {
    const func = await LambdaFunction.of("shout");
    const body = JSON.stringify({ text: "grüße" });
    const expected = { statusCode: 200, headers: { "content-type": "text/plain; charset=utf-8" }, body: "GRÜSSE" };
    expect(parse((await func.invoke(urlEvent({ body }))).body)).toEqual(expected);
    const encoded = { body: Buffer.from(body).toString("base64"), isBase64Encoded: true };
    expect(parse((await func.invoke(urlEvent(encoded))).body)).toEqual(expected);
  });

  it("is refused with 400 when its body is no JSON", async () => {
    const func = await LambdaFunction.of("shout");
    const { kind, body } = await func.invoke(urlEvent({ body: "{" }));
    expect(kind).toBe("response");
    expect(parse(body)).toMatchObject({ statusCode: 400, body: expect.stringContaining("no JSON") });
  });

  const echo = handler(RunnableLambda.from((input: unknown) => input));
  it.each([
    ["the parameters of its URL without a body", urlEvent({ queryStringParameters: { q: "a" } }), { q: "a" }],
    ["an empty object without either", urlEvent({ body: "" }), {}],
    ["JSON of API Gateway's first format", { httpMethod: "POST", requestContext: {}, body: "[1]", headers: null }, [1]],
    [
      "JSON of a kind of its own",
      urlEvent({ body: "[1]", headers: { "Content-Type": "application/vnd.api+json" } }),
      [1],
    ],
  ])("gives %s to the chain", async (_what, event, input) => {
    expect(await echo(event)).toEqual({
      statusCode: 200,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(input),
    });
  });

  it("reads and answers a load balancer that sends lists of values", async () => {
    const event = {
      requestContext: { elb: {} },
      httpMethod: "GET",
      multiValueHeaders: { accept: ["a", "b"] },
      multiValueQueryStringParameters: { q: ["a"], tag: ["x", "y"], __proto__x: ["z"] },
      body: "",
    };
    const answer = (await echo(event)) as { body: string; multiValueHeaders: unknown };
    expect(JSON.parse(answer.body)).toEqual({ q: "a", tag: ["x", "y"], __proto__x: "z" });
    expect(answer.multiValueHeaders).toEqual({ "content-type": ["application/json"] });
    const multiValueHeaders = { "Content-Type": ["text/plain"] };
    expect(await echo({ ...event, multiValueHeaders, body: "[1]" })).toMatchObject({
      body: "[1]",
      headers: { "content-type": "text/plain; charset=utf-8" },
    });
    const bad = await echo({ ...event, body: "{" });
    expect(bad).toMatchObject({ statusCode: 400, multiValueHeaders: { "content-type": ["application/json"] } });
  });

  it("gives text that is no JSON as it is", async () => {
    const event = urlEvent({ body: "a\nb", headers: { "content-type": "text/plain" } });
    expect(await echo(event)).toMatchObject({ body: "a\nb", headers: { "content-type": "text/plain; charset=utf-8" } });
  });

  it("gives a body that is neither text nor JSON as bytes", async () => {
    const type = handler(
      RunnableLambda.from((input: unknown) => (input instanceof Uint8Array ? [...input] : typeof input)),
    );
    const body = { body: "AQI=", isBase64Encoded: true };
    const png = urlEvent({ ...body, headers: { "content-type": "image/png" } });
    expect(await type(png)).toMatchObject({ body: "[1,2]" });
    const form = urlEvent({ ...body, headers: { "content-type": "application/x-www-form-urlencoded" } });
    expect(await type(form)).toMatchObject({ body: "string" });
  });

  it("gets bytes as base64, and nothing as 204", async () => {
    const bytes = handler(RunnableLambda.from(() => new Uint8Array([1, 2])));
    expect(await bytes(urlEvent({}))).toMatchObject({ isBase64Encoded: true, body: "AQI=" });
    expect(await handler(RunnableLambda.from(() => undefined))(urlEvent({}))).toMatchObject({ statusCode: 204 });
  });

  it("is mapped by functions of one's own instead", async () => {
    const own = handler(
      RunnableLambda.from((x: number) => x + 1),
      {
        input: (event) => Number((event as { body: string }).body),
        output: (output) => ({ statusCode: 201, body: output }),
      },
    );
    expect(await own(urlEvent({ body: "3" }))).toEqual({ statusCode: 201, body: 4 });
  });
});

describe("records of a queue", () => {
  it("that failed are named by their message, and the others are done", async () => {
    const func = await LambdaFunction.start("records", { env: { SILENT: "yes" } });
    const Records = [message("m1", "good"), message("m2", "bad"), message("m3", "seen?"), message("m4", "bad")];
    const { body } = await func.invoke({ Records });
    expect(parse(body)).toEqual({ batchItemFailures: [{ itemIdentifier: "m2" }, { itemIdentifier: "m4" }] });
  });

  it("that were not done in time are named, and the others are not", async () => {
    const func = await LambdaFunction.start("records", { env: { SILENT: "yes" } });
    const Records = [message("m1", "good"), message("m2", "slow"), message("m3", "good")];
    const { body } = await func.invoke({ Records }, { timeoutMs: 800 });
    expect(parse(body)).toEqual({ batchItemFailures: [{ itemIdentifier: "m2" }] });
  });

  const ran: unknown[] = [];
  const onFailure = vi.fn();
  const run = (queue: object = {}) => {
    ran.length = 0;
    onFailure.mockClear();
    const chain = RunnableLambda.from((input: unknown) => {
      ran.push(input);
      if (input === "bad") throw new Error("bad record");
    });
    return handler(chain, { queue: { onFailure, ...queue } });
  };

  it("are JSON or text, and are told when they fail", async () => {
    expect(await run()({ Records: [message("m1", { a: 1 }), message("m2", "bad")] })).toEqual({
      batchItemFailures: [{ itemIdentifier: "m2" }],
    });
    expect(ran).toEqual([{ a: 1 }, "bad"]);
    expect(onFailure.mock.calls).toEqual([
      [expect.objectContaining({ message: "bad record" }), expect.objectContaining({ messageId: "m2" })],
    ]);
  });

  it("of a message group stop at the first failure, and other groups go on", async () => {
    const Records = [
      message("m1", "a", "one"),
      message("m2", "bad", "one"),
      message("m3", "c", "two"),
      message("m4", "d", "one"),
      message("m5", "e", "two"),
    ];
    expect(await run()({ Records })).toEqual({
      batchItemFailures: [{ itemIdentifier: "m2" }, { itemIdentifier: "m4" }],
    });
    expect(ran.sort()).toEqual(["a", "bad", "c", "e"]);
  });

  it("of Kinesis are decoded, and the first that failed is named by its sequence number", async () => {
    const Records = [kinesis("1", '{"n":1}'), kinesis("2", "bad", "b"), kinesis("3", "x"), kinesis("4", "bad")];
    expect(await run()({ Records })).toEqual({ batchItemFailures: [{ itemIdentifier: "2" }] });
    expect(ran).toContainEqual({ n: 1 });
  });

  it("of DynamoDB are inputs as they are", async () => {
    const record = (SequenceNumber: string, id: string) => ({
      eventSource: "aws:dynamodb",
      eventName: "INSERT",
      dynamodb: { SequenceNumber, Keys: { id: { S: id } } },
    });
    const Records = [record("7", "a"), record("8", "b")];
    expect(await run()({ Records })).toEqual({ batchItemFailures: [] });
    expect(ran).toEqual(Records);
  });

  it("fail alone when their input cannot be made", async () => {
    const input = ({ body }: { body?: string }) => JSON.parse(body!).text;
    const Records = [message("m1", "{"), message("m2", { text: "good" })];
    expect(await run({ input })({ Records })).toEqual({ batchItemFailures: [{ itemIdentifier: "m1" }] });
    expect(ran).toEqual(["good"]);
  });

  it("are one input when the chain is to have the whole event", async () => {
    const whole = handler(
      RunnableLambda.from((event: { Records: unknown[] }) => event.Records.length),
      { queue: false },
    );
    expect(await whole({ Records: [message("m1", "a"), message("m2", "b")] })).toBe(2);
  });
});

describe("a streamed response", () => {
  it("writes text as it is, chunk by chunk", async () => {
    const func = await LambdaFunction.of("streamsText");
    const { headers, body, trailers } = await func.invoke("to be or not");
    expect(body).toBe("to be or not ");
    expect(headers).toMatchObject({
      "lambda-runtime-function-response-mode": "streaming",
      "content-type": "text/plain; charset=utf-8",
      "transfer-encoding": "chunked",
    });
    expect(trailers).toEqual({});
  });

  it("writes objects as lines", async () => {
    const func = await LambdaFunction.of("streamsObjects");
    const { headers, body } = await func.invoke(2);
    expect(headers["content-type"]).toBe("application/x-ndjson");
    expect(body).toBe('{"i":0,"text":"ü"}\n{"i":1}\n');
  });

  it("is sent while it is made", async () => {
    const func = await LambdaFunction.of("streamsObjects");
    const chunks: string[] = [];
    await func.invoke(50, { onChunk: (chunk) => chunks.push(chunk) });
    expect(chunks.length).toBeGreaterThan(1);
  });

  it("is server-sent events for a client that asks for them", async () => {
    const func = await LambdaFunction.of("streamsEvents");
    const event = urlEvent({ body: '{"text":"a b"}', headers: { Accept: "text/event-stream" } });
    const { headers, body } = await func.invoke(event);
    expect(headers["content-type"]).toBe("application/vnd.awslambda.http-integration-response");
    expect(parts(body)).toEqual({
      prelude: { statusCode: 200, headers: { "content-type": "text/event-stream", "cache-control": "no-cache" } },
      content: 'event: data\ndata: "a "\n\nevent: data\ndata: "b "\n\nevent: end\n\n',
    });
  });

  it("maps events and chunks", async () => {
    const func = await LambdaFunction.start("streamsMapped");
    const { headers, body } = await func.invoke({ n: 2 });
    expect(headers["content-type"]).toBe("text/event-stream");
    expect(body).toBe("event: data\ndata: 0\n\nevent: data\ndata: 1\n\nevent: end\n\n");
  });

  it("says in its trailers what failed after the first byte, and to the client only that something did", async () => {
    const func = await LambdaFunction.of("streamsEvents");
    const event = urlEvent({ body: '{"text":"a bad b"}', headers: { Accept: "text/event-stream" } });
    const { body, trailers } = await func.invoke(event);
    expect(parts(body).content).toBe(
      'event: data\ndata: "a "\n\nevent: error\ndata: {"error":{"message":"Internal Server Error"}}\n\n',
    );
    expect(trailers["lambda-runtime-function-error-type"]).toBe("RangeError");
    const told = Buffer.from(trailers["lambda-runtime-function-error-body"]!, "base64").toString();
    expect(parse(told)).toMatchObject({ errorMessage: "bad word" });
  });

  it("has no body when the chain fails before the first byte", async () => {
    const func = await LambdaFunction.of("streamsText");
    const { body, trailers } = await func.invoke("bad");
    expect(body).toBe("");
    expect(trailers["lambda-runtime-function-error-type"]).toBe("RangeError");
  });

  it("answers a request that cannot be read with 400", async () => {
    const func = await LambdaFunction.of("streamsEvents");
    const { body } = await func.invoke(urlEvent({ body: "{" }));
    expect(parts(body)).toMatchObject({ prelude: { statusCode: 400 }, content: expect.stringContaining("no JSON") });
  });

  it("comes in one piece where the runtime does not stream", async () => {
    const func = await LambdaFunction.start("streamsText", { env: { RUNTIME_STREAMS: "no" } });
    const { headers, body } = await func.invoke("to be");
    expect(headers["lambda-runtime-function-response-mode"]).toBeUndefined();
    expect(parse(body)).toBe("to be ");
  });
});

it("takes a chain of LangChain", async () => {
  const chain = LangChainLambda.from((x: number) => x + 1).pipe((x: number) => [x]);
  expect(await handler(chain)(1)).toEqual([2]);
});

describe("the options", () => {
  it.each([
    ["stream", { stream: "lines" }, /stream must be true, false, "sse" or "ndjson"/],
    ["marginMs", { marginMs: -1 }, /marginMs must be a number of milliseconds from 0 up/],
    ["queue", { queue: true }, /queue must be an object of options or false/],
    ["maxConcurrency", { queue: { maxConcurrency: 0 } }, /queue\.maxConcurrency must be a whole number from 1 up/],
  ])("are checked: %s", (_what, options, expected) => {
    const chain = RunnableLambda.from((x: unknown) => x);
    expect(() => handler(chain, options as object)).toThrow(expected);
    expect(() => handler(chain, options as object)).toThrow(
      expect.objectContaining({ code: "RUNLANE_INVALID_OPTION" }),
    );
  });

  it("do not make a chain of what is none", () => {
    expect(() => handler(42 as never)).toThrow(expect.objectContaining({ code: "RUNLANE_NOT_RUNNABLE" }));
  });
});

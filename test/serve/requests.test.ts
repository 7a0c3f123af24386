import { describe, expect, it, vi } from "vitest";
import { RunnableLambda } from "../../src/index.ts";
import { createHandler } from "../../src/serve/handler.ts";
import { connect, exchange, headOf } from "./raw.ts";
import { jsonOf, post, serve } from "./support.ts";

const echo = RunnableLambda.from((value: unknown) => value, { name: "echo" });

const thrown = (): never => {
  throw new Error("no log");
};

describe("bad requests", () => {
  const cases: [string, unknown, Record<string, string>, number, string][] = [
    ["no JSON", '{"input": [1,\n}', {}, 400, "in line 2, column 1."],
    ["another type", "input=1", { "content-type": "text/plain" }, 415, "application/json"],
    ["no body", "", {}, 400, "The body is empty"],
    ["a compressed body", "\x1f", { "content-encoding": "gzip" }, 415, "it is encoded as gzip"],
    ["no object", "[1]", {}, 422, "Input should be an object"],
    ["no input", "{}", {}, 422, "Field required"],
    ["too large a body", { input: "x".repeat(3000) }, {}, 413, "larger than 2000 bytes"],
    ["a timeout that is none", { input: 1 }, { "x-request-timeout-ms": "soon" }, 400, "X-Request-Timeout-Ms"],
    ["a config that is none", { input: 1, config: 3 }, {}, 422, "Input should be an object"],
  ];
  it.each(cases)("with %s say what is wrong", async (_, body, headers, status, text) => {
    const { url } = await serve({ echo }, { bodyLimit: 2000 });
    const response = await post(`${url}/echo/invoke`, body, { headers });
    expect(response.status).toBe(status);
    expect(await response.text()).toContain(text);
    // The server goes on.
    expect((await post(`${url}/echo/invoke`, { input: 1 })).status).toBe(200);
  });

  it("with invalid UTF-8 are refused", async () => {
    const { url } = await serve({ echo });
    const body = Buffer.concat([Buffer.from('{"input":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    expect(await exchange(url, Buffer.concat([Buffer.from(headOf("/echo/invoke", body.length)), body]))).toMatch(
      /^HTTP\/1.1 400 .*not valid UTF-8/s,
    );
  });

  it("that are nested too deep are refused, and brackets in strings are none", async () => {
    const { url } = await serve({ echo });
    const deep = (levels: number) => `{"input":${"[".repeat(levels)}${"]".repeat(levels)}}`;
    expect((await post(`${url}/echo/invoke`, deep(100_000))).status).toBe(400);
    expect((await post(`${url}/echo/invoke`, deep(400))).status).toBe(200);
    expect((await post(`${url}/echo/invoke`, { input: `\\"${"[".repeat(1000)}` })).status).toBe(200);
  });

  it("whose body is shorter than they say are dropped when their client goes", async () => {
    const lines: number[] = [];
    const { url, server } = await serve({ echo }, { onRequest: ({ status }) => lines.push(status) });
    const { send, socket } = await connect(url);
    send(`${headOf("/echo/invoke", 500)}{"input":`);
    await expect.poll(() => server.inFlight).toBe(1);
    socket.destroy();
    await expect.poll(() => lines.length).toBe(1);
    expect(server.inFlight).toBe(0);
  });

  it.each([
    ["throws", () => thrown()],
    ["rejects", async () => thrown()],
  ])("are answered also when onRequest %s", async (_, onRequest) => {
    const warnings = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    try {
      const { url, server } = await serve({ echo }, { onRequest });
      for (const input of [1, 2]) expect((await jsonOf(post(`${url}/echo/invoke`, { input }))).output).toBe(input);
      await expect.poll(() => warnings.mock.calls).toEqual([[new Error("no log")], [new Error("no log")]]);
      expect(server.inFlight).toBe(0);
    } finally {
      warnings.mockRestore();
    }
  });

  it("with more inputs than a batch may have are refused, by a type that programs can tell", async () => {
    const { url } = await serve({ echo }, { maxBatchInputs: 3 });
    const batch = (count: number) => post(`${url}/echo/batch`, { inputs: new Array(count).fill(0) });
    expect((await jsonOf(batch(3))).output).toEqual([0, 0, 0]);
    const refused = await batch(4);
    expect(refused.status).toBe(422);
    expect((await jsonOf(refused)).detail).toEqual([
      { type: "too_long", loc: ["body", "inputs"], msg: "List should have at most 3 items, not 4" },
    ]);
  });

  it("whose client goes while it is found out who that is are dropped", async () => {
    let letIn = (): void => {};
    const { url, server } = await serve(
      { echo },
      { authenticate: () => new Promise((resolve) => (letIn = () => resolve({ id: "late" }))) },
    );
    let isClosed = false;
    server.http.on("connection", (socket) => socket.on("close", () => (isClosed = true)));
    const { send, socket } = await connect(url);
    send(`${headOf("/echo/invoke", 500)}{"input":`);
    await expect.poll(() => server.inFlight).toBe(1);
    socket.destroy();
    await expect.poll(() => isClosed).toBe(true);
    letIn();
    await expect.poll(() => server.inFlight).toBe(0);
  });

  it("for paths and methods that are not there say so", async () => {
    const { url } = await serve({ echo });
    const missing = await fetch(`${url}/nothing`);
    expect([missing.status, (await jsonOf(missing)).detail]).toEqual([
      404,
      "Nothing is served at /nothing; GET / shows what is, and at which paths.",
    ]);
    const response = await fetch(`${url}/echo/invoke`);
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
    expect((await jsonOf(response)).detail).toBe("/echo/invoke takes POST, not GET.");
    expect((await post(`${url}/readyz`, {})).headers.get("allow")).toBe("GET, HEAD");
    const options = await fetch(`${url}/echo/invoke`, { method: "OPTIONS" });
    expect([options.status, options.headers.get("allow"), options.headers.get("content-length")]).toEqual([
      204,
      "POST",
      null,
    ]);
    const head = await fetch(`${url}/readyz`, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "3", ""]);
  });

  it("of a page that sends a body without a type are refused", async () => {
    const { url } = await serve({ echo });
    const content = '{"input":1}';
    const untyped = (more: string) =>
      exchange(
        url,
        `POST /echo/invoke HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${content.length}\r\n${more}\r\n${content}`,
      );
    expect(await untyped("Origin: https://evil.example\r\n")).toMatch(/^HTTP\/1.1 415 .*it is of no type/s);
    expect(await untyped("")).toMatch(/^HTTP\/1.1 200 /);
  });

  it("that fail in the server have an id by which they are found in its log", async () => {
    const ids: string[] = [];
    const { url } = await serve(RunnableLambda.from(thrown), { onRequest: ({ id }) => void ids.push(id) });
    await post(`${url}/invoke`, { input: 1 }, { headers: { "x-request-id": "mine" } });
    const last = await post(`${url}/invoke`, { input: 1 });
    await expect.poll(() => ids.length).toBe(2);
    expect(ids).toEqual(["mine", last.headers.get("x-request-id")]);
  });
});

describe("requests that are written in an unusual way are answered all the same:", () => {
  const content = '{"input":1}';
  const cases: [string, string][] = [
    ["a slash at the end", headOf("/echo/invoke/", content.length)],
    ["a path that is escaped", headOf("/%65cho/invoke", content.length)],
    ["the name of the server in the path", headOf("http://x/echo/invoke", content.length)],
    ["HTTP/1.0", headOf("/echo/invoke", content.length).replace("HTTP/1.1", "HTTP/1.0")],
    [
      "a question whether to send the body",
      headOf("/echo/invoke", content.length, "Expect: 100-continue\r\nConnection: close\r\n"),
    ],
  ];
  it.each(cases)("%s", async (_, head) => {
    const { url } = await serve({ echo });
    expect(await exchange(url, `${head}${content}`)).toMatch(
      /^HTTP\/1.1 (?:100 Continue\r\n\r\nHTTP\/1.1 )?200 .*"output":1/s,
    );
  });

  it("a byte order mark", async () => {
    const { url } = await serve({ echo });
    expect((await jsonOf(post(`${url}/echo/invoke`, `\ufeff${content}`))).output).toBe(1);
  });

  it("a question whether to send a body that is too large, by no", async () => {
    const { url } = await serve({ echo }, { bodyLimit: 100 });
    const { send, text, closed } = await connect(url);
    send(headOf("/echo/invoke", 1000, "Expect: 100-continue\r\n"));
    await closed;
    expect(text()).toMatch(/^HTTP\/1.1 413 /);
  });
});

describe("options that cannot be", () => {
  const cases: [string, object][] = [
    ["maxConcurrency", { maxConcurrency: 0 }],
    ["maxConcurrency", { maxConcurrency: Number.NaN }],
    ["maxQueueMs", { maxQueueMs: -1 }],
    ["bodyLimit", { bodyLimit: "1mb" }],
    ["maxBatchInputs", { maxBatchInputs: 0.5 }],
    ["timeout", { timeout: 0 }],
  ];
  it.each(cases)("are refused: %s of %o", (name, options) => {
    expect(() => createHandler({ echo }, options)).toThrow(
      expect.objectContaining({ code: "RUNLANE_INVALID_OPTION", message: expect.stringContaining(name) }),
    );
  });
});

describe("who may ask", () => {
  it("needs one of the tokens, old or new", async () => {
    const { url } = await serve({ echo }, { tokens: ["old", "new"] });
    const ask = (authorization?: string) =>
      post(`${url}/echo/invoke`, { input: 1 }, { headers: authorization === undefined ? {} : { authorization } });
    expect((await ask()).status).toBe(401);
    expect((await ask("Bearer nearly")).status).toBe(401);
    expect((await ask("Bearer old")).status).toBe(200);
    expect((await ask("bearer new")).status).toBe(200);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it("is decided by a function, which may add to the config of the runs", async () => {
    const who = RunnableLambda.from((_: unknown, config: any) => config.configurable.user as string);
    const { url } = await serve(who, {
      authenticate: async ({ header }) => {
        const user = header("x-user");
        return user === undefined ? undefined : { id: user, configurable: { user } };
      },
    });
    expect((await post(`${url}/invoke`, { input: 1 })).status).toBe(401);
    const response = await post(
      `${url}/invoke`,
      { input: 1, config: { configurable: { user: "root" } } },
      { headers: { "x-user": "eve" } },
    );
    expect((await jsonOf(response)).output).toBe("eve");
  });

  it("in browsers is said by CORS headers, for the origins that are named", async () => {
    const { url } = await serve({ echo }, { cors: ["https://app.example"] });
    const ask = (origin: string) => post(`${url}/echo/invoke`, { input: 1 }, { headers: { origin } });
    expect((await ask("https://app.example")).headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect((await ask("https://evil.example")).headers.get("access-control-allow-origin")).toBeNull();
    const preflight = await fetch(`${url}/echo/invoke`, {
      method: "OPTIONS",
      headers: { origin: "https://app.example", "access-control-request-method": "POST" },
    });
    expect(preflight.status).toBe(204);
  });
});

describe("time and clients that leave", () => {
  it("ends a run that takes longer than a client asked for", async () => {
    const waits = RunnableLambda.from(
      (_: unknown, { signal }: any) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    const { url } = await serve(waits);
    const response = await post(`${url}/invoke`, { input: 1 }, { headers: { "x-request-timeout-ms": "20" } });
    expect(response.status).toBe(504);
  });

  it("stops the work of clients that have gone", async () => {
    let started = 0;
    let stopped = 0;
    const waits = RunnableLambda.from(
      (_: unknown, { signal }: any) =>
        new Promise((_resolve, reject) => {
          started++;
          signal.addEventListener("abort", () => {
            stopped++;
            reject(signal.reason);
          });
        }),
    );
    const statuses = new Set<number>();
    const { url, server } = await serve(waits, { onRequest: ({ status }) => void statuses.add(status) });
    const controller = new AbortController();
    const asked = Array.from({ length: 50 }, () =>
      post(`${url}/invoke`, { input: 1 }, { signal: controller.signal }).catch(() => "gone"),
    );
    await expect.poll(() => started).toBe(50);
    controller.abort();
    expect(new Set(await Promise.all(asked))).toEqual(new Set(["gone"]));
    await expect.poll(() => stopped).toBe(50);
    await expect.poll(() => server.inFlight).toBe(0);
    expect([...statuses]).toEqual([499]);
  });

  it("answers a client that has said all there is, where the server keeps its side open", async () => {
    let answer = (_: string): void => {};
    const waits = RunnableLambda.from(() => new Promise<string>((resolve) => (answer = resolve)));
    const { url, server } = await serve(waits);
    Object.assign(server.http, { httpAllowHalfOpen: true });
    let hasEnded = false;
    server.http.on("connection", (connection) => connection.on("end", () => (hasEnded = true)));
    const { send, text, socket } = await connect(url);
    send(`${headOf("/invoke", 11)}{"input":1}`);
    socket.end();
    await expect.poll(() => hasEnded && server.inFlight).toBe(1);
    answer("done");
    await expect.poll(text).toContain('"output":"done"');
  });

  it("tells no run of clients that have gone but those that were not answered", async () => {
    const heard: unknown[] = [];
    const listens = RunnableLambda.from((input: number, { signal }: any) => {
      signal.addEventListener("abort", () => heard.push(input));
      return input === 3 ? new Promise(() => {}) : input;
    });
    const { url, server } = await serve({ echo: listens });
    const { send, text, socket } = await connect(url);
    for (const input of [1, 2, 3]) {
      const content = JSON.stringify({ input });
      send(`${headOf("/echo/invoke", content.length, "")}${content}`);
      if (input < 3) await expect.poll(text).toContain(`"output":${input}`);
    }
    await expect.poll(() => server.inFlight).toBe(1);
    socket.destroy();
    await expect.poll(() => server.inFlight).toBe(0);
    expect(heard).toEqual([3]);
  });

  it("closes the generator of a stream that nobody reads any more", async () => {
    let closed = false;
    const endless = RunnableLambda.from(async function* () {
      try {
        for (let index = 0; ; index++) {
          yield index;
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      } finally {
        closed = true;
      }
    });
    const { url, server } = await serve(endless);
    const response = await post(`${url}/stream`, { input: 1 });
    const reader = response.body!.getReader();
    await reader.read();
    await reader.cancel();
    await expect.poll(() => closed).toBe(true);
    await expect.poll(() => server.inFlight).toBe(0);
  });

  it("makes no more of a stream than its reader takes", async () => {
    let made = 0;
    const fast = RunnableLambda.from(async function* () {
      while (made < 20_000) {
        made++;
        yield "x".repeat(1000);
      }
    });
    const { url, server } = await serve(fast);
    const response = await post(`${url}/stream`, { input: 1 });
    let before = -1;
    const hasStopped = () => {
      const same = made > 0 && made === before;
      before = made;
      return same;
    };
    // Until the buffers between both are full.
    await expect.poll(hasStopped, { interval: 100, timeout: 15_000 }).toBe(true);
    expect(made).toBeLessThan(20_000);
    await response.body!.cancel();
    await expect.poll(() => server.inFlight).toBe(0);
  });
});

describe("stopping", () => {
  it("lets what is in flight end, says that it is not ready, and closes connections", async () => {
    let release = (): void => {};
    let isRunning = false;
    const waits = RunnableLambda.from(() => {
      isRunning = true;
      return new Promise<string>((resolve) => {
        release = () => resolve("done");
      });
    });
    const { url, server } = await serve(waits);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const asked = post(`${url}/invoke`, { input: 1 });
    await expect.poll(() => isRunning).toBe(true);
    const stopped = server.stop();
    expect(server.isReady).toBe(false);
    release();
    expect((await jsonOf(asked)).output).toBe("done");
    await stopped;
    await expect(fetch(`${url}/readyz`)).rejects.toThrow();
  });

  it("ends runs that take longer than the grace", async () => {
    let isRunning = false;
    const waits = RunnableLambda.from((_: unknown, { signal }: any) => {
      isRunning = true;
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    });
    const { url, server } = await serve(waits);
    const asked = post(`${url}/invoke`, { input: 1 }).catch(() => "cut off");
    await expect.poll(() => isRunning).toBe(true);
    await server.stop({ graceMs: 20 });
    expect(await asked).toBe("cut off");
    expect(server.inFlight).toBe(0);
  });
});

describe("web-standard requests", () => {
  it("are answered as Node's are", async () => {
    const handler = createHandler({ echo });
    const ask = (path: string, body: string, init: RequestInit = {}) =>
      handler(
        new Request(`http://localhost${path}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body,
          ...init,
        }),
      );
    expect((await jsonOf(ask("/echo/invoke", '{"input":{"a":1}}'))).output).toEqual({ a: 1 });
    expect((await ask("/echo/invoke", "{")).status).toBe(400);
    expect(await (await ask("/echo/stream", '{"input":1}')).text()).toMatch(/event: data\ndata: 1\n\nevent: end\n\n$/);
  });

  it("stop the run when the body is cancelled", async () => {
    let closed = false;
    const handler = createHandler(
      RunnableLambda.from(async function* () {
        try {
          for (;;) {
            yield "x".repeat(100);
            await new Promise((resolve) => setTimeout(resolve, 1));
          }
        } finally {
          closed = true;
        }
      }),
    );
    const response = await handler(
      new Request("http://localhost/stream", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"input":1}',
      }),
    );
    const reader = response.body!.getReader();
    await reader.read();
    await reader.cancel();
    await expect.poll(() => closed).toBe(true);
  });
});

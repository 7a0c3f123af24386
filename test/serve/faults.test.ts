import { describe, expect, it } from "vitest";
import { processes, RunnableLambda, threads } from "../../src/index.ts";
import { toSSE } from "../../src/serve/routes.ts";
import { everything } from "../everything.ts";
import { connect, exchange, headOf } from "./raw.ts";
import { eventsOf, jsonOf, post, serve } from "./support.ts";

const echo = RunnableLambda.from((value: unknown) => value, { name: "echo" });
const dies = new URL("../fixtures/serve/dies.mjs", import.meta.url);
const body = JSON.stringify({ input: 1 });

/** Whether the server answers as if nothing had been. */
async function answers(url: string): Promise<boolean> {
  return (await jsonOf(post(`${url}/echo/invoke`, { input: "still" }))).output === "still";
}

describe("readers that are slow", () => {
  it("get no more than they take, all of them, and leave nothing behind", async () => {
    const count = everything ? 50 : 10;
    let made = 0;
    const endless = RunnableLambda.from(async function* () {
      for (;;) {
        made++;
        yield "x".repeat(100_000);
      }
    });
    // What many streams make at first keeps the event loop busy: that is no reason to refuse any.
    const { url, server } = await serve({ echo, endless }, { maxQueueMs: 60_000 });
    const readers = await Promise.all(Array.from({ length: count }, () => connect(url)));
    for (const { socket, send } of readers) {
      send(`${headOf("/endless/stream", body.length)}${body}`);
      socket.pause();
    }
    let before = -1;
    const hasStopped = () => {
      const same = made >= count && made === before;
      before = made;
      return same;
    };
    await expect.poll(hasStopped, { interval: 200, timeout: 30_000 }).toBe(true);
    // What the system's buffers hold of each, and no more.
    expect((made * 100_000) / count).toBeLessThan(20e6);
    expect(await answers(url)).toBe(true);
    expect(server.inFlight).toBe(count);
    for (const { socket } of readers) socket.destroy();
    await expect.poll(() => server.inFlight).toBe(0);
  });
});

describe("requests that are not what they say", () => {
  it("of which only a part comes do not hold up others, nor the end of the server", async () => {
    const { url, server } = await serve({ echo });
    const halves = await Promise.all(Array.from({ length: 20 }, () => connect(url)));
    for (const [index, { send }] of halves.entries())
      send(index % 2 === 0 ? `${headOf("/echo/invoke", 500)}{"input":` : "POST /echo/invoke HTTP/1.1\r\nHost: x\r\nX-");
    expect(await answers(url)).toBe(true);
    await server.stop({ graceMs: 20 });
    await Promise.all(halves.map(({ closed }) => closed));
    expect(server.inFlight).toBe(0);
  });

  it("with a flood of headers are refused", async () => {
    const { url } = await serve({ echo });
    const large = `X-Large: ${"x".repeat(100_000)}\r\n`;
    expect(await exchange(url, headOf("/echo/invoke", 2, large))).toMatch(/^HTTP\/1.1 431 /);
    const many = Array.from({ length: 3000 }, (_, index) => `X-${index}: 1\r\n`).join("");
    expect(await exchange(url, `${headOf("/echo/invoke", body.length, many)}${body}`)).toMatch(/^HTTP\/1.1 431 /);
    expect(await answers(url)).toBe(true);
  });

  it("with more body than they say are one request, whatever is left over", async () => {
    const { url } = await serve({ echo });
    const text = await exchange(url, `${headOf("/echo/invoke", body.length, "")}${body}{"input":2}\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1.1 (200|400) /);
    expect(text).not.toContain('"output":2');
    expect(await answers(url)).toBe(true);
  });

  it.each(["-1", "1e3", "2, 3", "0x10"])("with the length %s are refused", async (length) => {
    const { url } = await serve({ echo });
    expect(await exchange(url, `${headOf("/echo/invoke", length)}${body}`)).toMatch(/^HTTP\/1.1 400 /);
  });

  it("with two lengths, one of them by chunks, are refused", async () => {
    const { url } = await serve({ echo });
    const both = headOf("/echo/invoke", body.length, "Transfer-Encoding: chunked\r\n");
    expect(await exchange(url, `${both}0\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n`)).toMatch(/^HTTP\/1.1 400 /);
  });

  it("whose chunks are larger than the limit are refused as soon as that is known", async () => {
    const { url } = await serve({ echo }, { bodyLimit: 1000 });
    const chunked = headOf("/echo/invoke", 0, "").replace("Content-Length: 0", "Transfer-Encoding: chunked");
    const { text, send, closed } = await connect(url);
    send(`${chunked}800\r\n${"x".repeat(0x800)}\r\n`);
    await closed;
    expect(text()).toMatch(/^HTTP\/1.1 413 /);
  });
});

describe("bodies that are bombs", () => {
  it("are answered when they are wide, while others are too", async () => {
    const { url } = await serve({ echo });
    const wide = `{"input":{${Array.from({ length: 60_000 }, (_, index) => `"k${index}":0`).join()}}}`;
    const [response, isAnswered] = await Promise.all([post(`${url}/echo/invoke`, wide), answers(url)]);
    expect([response.status, isAnswered]).toEqual([200, true]);
    expect(Object.keys((await jsonOf(response)).output)).toHaveLength(60_000);
  });

  it.runIf(everything)("run as a batch, while others are answered", async () => {
    const { url } = await serve({ echo }, { maxQueueMs: 60_000, maxBatchInputs: 500_000 });
    const inputs = new Array(everything ? 500_000 : 50_000).fill(0);
    let isDone = false;
    const asked = post(`${url}/echo/batch`, `{"inputs":[${inputs.join()}]}`).finally(() => {
      isDone = true;
    });
    let answered = 0;
    while (!isDone) if (await answers(url)) answered++;
    expect((await jsonOf(asked)).output).toHaveLength(inputs.length);
    expect(answered).toBeGreaterThan(2);
  });

  it("change nothing of what all objects share", async () => {
    const { url } = await serve({ echo });
    const bomb =
      '{"input":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}},"__proto__":{"a":1}}';
    const response = await post(`${url}/echo/invoke`, bomb);
    expect(await response.text()).toContain('"__proto__":{"polluted":1}');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe("a connection that is kept", () => {
  it("answers on after an error", async () => {
    const fails = RunnableLambda.from(() => {
      throw new Error("no");
    });
    const { url } = await serve({ echo, fails });
    const { send, text, socket } = await connect(url);
    const ask = async (path: string, content: string, status: number) => {
      const before = text().length;
      send(`${headOf(path, Buffer.byteLength(content), "")}${content}`);
      await expect.poll(() => text().slice(before)).toMatch(new RegExp(`^HTTP/1.1 ${status} .*\r\n\r\n.+`, "s"));
    };
    await ask("/echo/invoke", "{", 400);
    await ask("/fails/invoke", body, 500);
    await ask("/nothing", body, 404);
    await ask("/echo/invoke", "[1]", 422);
    await ask("/echo/invoke", body, 200);
    expect(socket.destroyed).toBe(false);
  });

  it("answers requests that come together, in order", async () => {
    const { url } = await serve({ echo });
    const first = `${headOf("/echo/invoke", 11, "")}{"input":1}`;
    const last = `${headOf("/echo/invoke", 11)}{"input":2}`;
    const text = await exchange(url, first + last);
    expect([...text.matchAll(/"output":(\d)/g)].map(([, output]) => output)).toEqual(["1", "2"]);
  });
});

describe.each([
  ["thread", threads, "exits"],
  ["process", processes, "isKilled"],
] as const)("a worker of the lane %s that dies in the middle of a stream", (_, pool, name) => {
  it("is an event, not a lost connection", async () => {
    const own = pool({ max: 1 });
    const chain = RunnableLambda.fromModule(dies, name, { lane: own });
    const { url, server } = await serve({ echo, chain });
    const response = await post(`${url}/chain/stream`, { input: 1 });
    expect(response.status).toBe(200);
    const events = await eventsOf(response);
    expect(events.map(([event]) => event)).toEqual(["metadata", "data", "error"]);
    expect(events.at(-1)![1]).toEqual({ status_code: 500, message: "Internal Server Error" });
    expect(server.inFlight).toBe(0);
    expect(await answers(url)).toBe(true);
    await own.close();
  });
});

describe("a chain that goes on after its client has gone", () => {
  it("writes to nobody, and is left", async () => {
    let written = 0;
    const stubborn = RunnableLambda.from(async function* () {
      try {
        for (;;) {
          written++;
          yield "x".repeat(1000);
          await new Promise((resolve) => setImmediate(resolve));
        }
      } finally {
        // It takes its time to end, and yields once more.
        yield "last";
      }
    });
    const { url, server } = await serve({ echo, stubborn });
    const { send, socket } = await connect(url);
    send(`${headOf("/stubborn/stream", body.length)}${body}`);
    await expect.poll(() => written).toBeGreaterThan(3);
    socket.destroy();
    await expect.poll(() => server.inFlight).toBe(0);
    const after = written;
    expect(await answers(url)).toBe(true);
    expect(written - after).toBeLessThanOrEqual(1);
  });

  it("ends nothing but its own answer when it throws", async () => {
    const late = RunnableLambda.from(
      (_: unknown, { signal }: any) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("too late")))),
    );
    const { url, server } = await serve({ echo, late });
    const { send, socket } = await connect(url);
    send(`${headOf("/late/invoke", body.length)}${body}`);
    await expect.poll(() => server.inFlight).toBe(1);
    socket.destroy();
    await expect.poll(() => server.inFlight).toBe(0);
    expect(await answers(url)).toBe(true);
  });

  it("is not heard in a route of one's own", async () => {
    let written = 0;
    const stubborn = RunnableLambda.from(async function* () {
      for (;;) {
        written++;
        yield 1;
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    const controller = new AbortController();
    const request = new Request("http://localhost/", { signal: controller.signal });
    const errors: unknown[] = [];
    const response = await toSSE(request, stubborn, null, { onError: (error) => errors.push(error) });
    await response.body!.getReader().read();
    controller.abort();
    let before = -1;
    const hasStopped = () => {
      const same = written === before;
      before = written;
      return same;
    };
    await expect.poll(hasStopped, { interval: 20 }).toBe(true);
  });
});

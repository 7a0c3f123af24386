/** One of the servers, in a process of its own: what it is asked is in `bench/serve.ts`. */
import http from "node:http";
import { answer, runAsync, runSync, tokens } from "./work.mjs";

const [kind] = process.argv.slice(2);

/** When the work for each client that has gone was stopped, in nanoseconds of the system's clock, by the numbers of the clients. */
const stoppedAt = new Map();
const waits = { stopped: (client) => stoppedAt.set(client, String(process.hrtime.bigint())) };

/** How long the server had the requests that it accepted, in milliseconds: from their heads to the ends of their answers. */
const tookMs = [];

/** The events that Runlane sends for a chain of one generator, as one writes them by hand. */
async function streamByHand(count, response) {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for await (const chunk of tokens(count)) response.write(`event: data\ndata: ${JSON.stringify(chunk)}\n\n`);
  response.end("event: end\n\n");
}

/** The chunks and their JSON, and nothing of it is sent. */
async function madeAlone(count) {
  let length = 0;
  for await (const chunk of tokens(count)) length += JSON.stringify(chunk).length;
  return String(length);
}

function measure(_request, response) {
  const startedAt = performance.now();
  response.on("finish", () => {
    if (response.statusCode === 200) tookMs.push(performance.now() - startedAt);
  });
}

const LISTEN = {
  /** Nothing but Node. */
  http: () => {
    const server = http.createServer((request, response) => {
      const chunks = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", async () => {
        if (request.url === "/tokens/stream") return streamByHand(JSON.parse(chunks[0]).input, response);
        if (request.url === "/tokens/made") return response.end(await madeAlone(JSON.parse(chunks[0]).input));
        if (request.url === "/idle/stream") {
          response.writeHead(200, { "content-type": "text/event-stream" }).write("event: data\ndata: here\n\n");
          response.on("close", () => waits.stopped(JSON.parse(chunks[0]).input));
          return;
        }
        const { input } = JSON.parse(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
        const output = request.url === "/sync/invoke" ? runSync(input) : await runAsync(input);
        const body = JSON.stringify(answer(output));
        response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
        response.end(body);
      });
    });
    return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
  },
  fastify: async () => {
    const { default: fastify } = await import("fastify");
    const app = fastify();
    app.post("/sync/invoke", (request, reply) => reply.send(answer(runSync(request.body.input))));
    app.post("/async/invoke", async (request) => answer(await runAsync(request.body.input)));
    await app.listen({ port: 0, host: "127.0.0.1" });
    return app.server.address().port;
  },
  hono: async () => {
    const { Hono } = await import("hono");
    const { serve } = await import("@hono/node-server");
    const app = new Hono();
    app.post("/sync/invoke", async (c) => c.json(answer(runSync((await c.req.json()).input))));
    app.post("/async/invoke", async (c) => c.json(answer(await runAsync((await c.req.json()).input))));
    return new Promise((resolve) =>
      serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => resolve(port)),
    );
  },
  runlane: async () => {
    const { createServer } = await import("runlane/serve");
    const { chains, options } = await import("./chains.mjs").then(({ chainsFor }) => chainsFor(waits));
    const server = createServer(chains, options);
    if (process.env.OVERLOAD === "1") server.http.prependListener("request", measure);
    return (await server.listen({ port: 0 })).port;
  },
};

const TELL = {
  cpu: () => process.cpuUsage(),
  memory: () => {
    globalThis.gc?.();
    return process.memoryUsage.rss();
  },
  stopped: () => stoppedAt.size,
  /** Forgets them. */
  stoppedAt: () => {
    const entries = [...stoppedAt];
    stoppedAt.clear();
    return entries;
  },
  tookMs: () => tookMs.splice(0),
};

process.on("message", (what) => process.send(TELL[what]()));
// A benchmark that is broken off leaves nothing behind.
process.on("disconnect", () => process.exit());
process.send(await LISTEN[kind]());

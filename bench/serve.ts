/** Chains behind HTTP, each server in a process of its own: what a request costs beside other ways to answer it, and what load does. */
import { type ChildProcess, fork } from "node:child_process";
import http from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import autocannon from "autocannon";
import { median, type Row, row, type SuiteOptions } from "./measure.ts";
import { QUEUE_MS, SERVICE_MS, SLOTS } from "./serve/chains.mjs";
import { openLoop } from "./serve/open-loop.mjs";

const SERVER = fileURLToPath(new URL("serve/server.mjs", import.meta.url));
const KINDS = ["http", "runlane", "fastify", "hono"] as const;
type Kind = (typeof KINDS)[number];

const JSON_TYPE = { "content-type": "application/json" };
const INPUT = JSON.stringify({ input: { n: 41 } });

/** A server in a process of its own. */
class Server {
  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {}

  static async start(kind: Kind, env: Record<string, string> = {}): Promise<Server> {
    const child = fork(SERVER, [kind], { env: { ...process.env, ...env }, execArgv: ["--expose-gc"] });
    const port = await new Promise<number>((resolve, reject) => {
      child.once("message", (message) => resolve(message as number));
      child.once("exit", (code) => reject(new Error(`The server ${kind} ended with ${code}.`)));
    });
    return new Server(child, port);
  }

  ask<T>(what: "cpu" | "memory" | "waits"): Promise<T> {
    const answer = new Promise<T>((resolve) => this.child.once("message", (message) => resolve(message as T)));
    this.child.send(what);
    return answer;
  }

  /** Microseconds of CPU since the process started. */
  async cpuUs(): Promise<number> {
    const { user, system } = await this.ask<NodeJS.CpuUsage>("cpu");
    return user + system;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  stop(): void {
    this.child.kill();
  }
}

interface Load {
  readonly cpuUs: number;
  readonly perSecond: number;
}

/** As many requests as 50 connections take, one after the other on each. */
async function load(server: Server, path: string, seconds: number): Promise<Load> {
  const before = await server.cpuUs();
  const options = { url: server.url(path), method: "POST", headers: JSON_TYPE, body: INPUT } as const;
  const result = await autocannon({ ...options, connections: 50, duration: seconds });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${path}: ${result.non2xx} refused, ${result.errors} errors`);
  const { total, average } = result.requests;
  return { cpuUs: ((await server.cpuUs()) - before) / total, perSecond: average };
}

async function compared(quick: boolean): Promise<Row[]> {
  const servers = new Map<Kind, Server>();
  for (const kind of KINDS) servers.set(kind, await Server.start(kind));
  const rows: Row[] = [];
  try {
    for (const [path, max] of [
      ["sync", 1.3],
      ["async", 1.4],
    ] as const) {
      const loads = new Map<Kind, Load[]>(KINDS.map((kind) => [kind, []]));
      // The first round warms them up.
      for (let round = 0; round < (quick ? 3 : 7); round++)
        for (const kind of KINDS) {
          const measured = await load(servers.get(kind)!, `/${path}/invoke`, quick ? 1 : 3);
          if (round > 0) loads.get(kind)!.push(measured);
        }
      const cpu = (kind: Kind) => median(loads.get(kind)!.map(({ cpuUs }) => cpuUs));
      const time = (kind: Kind) => 1e6 / median(loads.get(kind)!.map(({ perSecond }) => perSecond));
      const [rival] = (["fastify", "hono"] as const).toSorted((a, b) => time(a) - time(b));
      rows.push(
        row(`invoke of 3 ${path} steps, CPU of a request`, [cpu("runlane"), "us"], ["node:http", cpu("http")], { max }),
        row("the same, CPU", [cpu("runlane"), "us"], ["fastify", cpu("fastify")]),
        row("the same, CPU", [cpu("runlane"), "us"], ["hono", cpu("hono")]),
        row("the same, time of a request", [time("runlane"), "us"], [rival!, time(rival!)], { max: 1 }),
      );
    }
  } finally {
    for (const server of servers.values()) server.stop();
  }
  return rows;
}

/** Posts an input and reads the events to their end. @returns The body. */
function stream(server: Server, path: string, input: unknown): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.request(server.url(path), { method: "POST", headers: JSON_TYPE }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve(text));
    });
    request.on("error", reject);
    request.end(JSON.stringify({ input }));
  });
}

const EVENTS = 1000;

async function events(server: Server, quick: boolean): Promise<Row[]> {
  const byHand = await Server.start("http");
  const streams = quick ? 100 : 400;
  const perEvent = new Map<Server, number[]>([server, byHand].map((one) => [one, []]));
  try {
    for (let round = 0; round < 4; round++)
      for (const [one, costs] of perEvent) {
        const before = await one.cpuUs();
        for (let index = 0; index < streams; index++) await stream(one, "/tokens/stream", EVENTS);
        if (round > 0) costs.push(((await one.cpuUs()) - before) / streams / EVENTS);
      }
  } finally {
    byHand.stop();
  }
  const [cost, costByHand] = [...perEvent.values()].map(median) as [number, number];
  const late: number[] = [];
  for (let index = 0; index < (quick ? 40 : 200); index++) late.push(await firstEventMs(server));
  return [
    row("CPU of an event, in streams of 1,000", [cost, "us"], null, { limit: 1 }),
    row("the same, against a handler by hand", [cost, "us"], ["node:http", costByHand], { max: 1 }),
    row("from the first chunk to its event at the client", [median(late), "ms"], null, { limit: 1 }),
  ];
}

/** How long the first chunk takes from where it is made to here. */
function firstEventMs(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.request(server.url("/first/stream"), { method: "POST", headers: JSON_TYPE }, (response) => {
      response.setEncoding("utf8").on("data", (text: string) => {
        const at = process.hrtime.bigint();
        const found = /event: data\ndata: "(\d+)"/.exec(text);
        if (found !== null) resolve(Number(at - BigInt(found[1]!)) / 1e6);
      });
    });
    request.on("error", reject);
    request.end('{"input":0}');
  });
}

async function overload(quick: boolean): Promise<Row[]> {
  const server = await Server.start("runlane", { OVERLOAD: "1" });
  const duration = quick ? 3 : 10;
  const options = { url: server.url("/slow/invoke"), method: "POST", headers: JSON_TYPE, body: INPUT } as const;
  try {
    const capacity = (await autocannon({ ...options, connections: SLOTS + SLOTS / 2, duration })).requests.average;
    const { accepted: times } = await openLoop({
      port: server.port,
      path: "/slow/invoke",
      body: INPUT,
      perSecond: 2.5 * capacity,
      seconds: duration,
    });
    times.sort((a, b) => a - b);
    const goodput = times.length / duration;
    const p99 = times[Math.floor(times.length * 0.99)]!;
    return [
      row("at 2.5 times the capacity: time of an answer", [1e6 / goodput, "us"], ["at the capacity", 1e6 / capacity], {
        max: 1 / 0.95,
      }),
      row("the same: p99 of what is accepted", [p99, "ms"], null, { limit: QUEUE_MS + 1.5 * SERVICE_MS }),
    ];
  } finally {
    server.stop();
  }
}

/** Clients that read a stream in which nothing happens. */
async function idleClients(server: Server, count: number): Promise<Socket[]> {
  const body = '{"input":0}';
  const head = `POST /idle/stream HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  const sockets: Socket[] = [];
  for (let index = 0; index < count; index++) {
    const socket = connect(server.port, "127.0.0.1");
    sockets.push(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.once("data", () => resolve());
      socket.write(head + body);
    });
    socket.resume();
  }
  return sockets;
}

interface Waits {
  readonly begun: number;
  readonly stopped: number;
  readonly lastAt: string;
}

interface Idle {
  /** Memory of each client. */
  readonly kilobytes: number;
  /** The share of a core that all of them take, in percent. */
  readonly busy: number;
  /** When the work for the last of a thousand clients stopped, after the first of them had gone. */
  readonly stoppedMs: number;
}

async function clients(server: Server, quick: boolean): Promise<Idle> {
  const count = quick ? 1000 : IDLE;
  const warm = await idleClients(server, 100);
  const before = await server.ask<number>("memory");
  const idle = await idleClients(server, count);
  const kilobytes = ((await server.ask<number>("memory")) - before) / count / 1000;
  const cpuBefore = await server.cpuUs();
  const idleMs = quick ? 2000 : 10_000;
  await sleep(idleMs);
  const busy = ((await server.cpuUs()) - cpuBefore) / 10 / idleMs;
  for (const socket of [...warm, ...idle]) socket.destroy();
  await stopped(server, count + 100);
  const times: number[] = [];
  for (let round = 0; round < (quick ? 1 : 5); round++) {
    const leaving = await idleClients(server, 1000);
    const so = await server.ask<Waits>("waits");
    const at = process.hrtime.bigint();
    for (const socket of leaving) socket.destroy();
    const { lastAt } = await stopped(server, so.stopped + 1000);
    times.push(Number(BigInt(lastAt) - at) / 1e6);
  }
  return { kilobytes, busy, stoppedMs: median(times) };
}

async function stopped(server: Server, count: number): Promise<Waits> {
  for (;;) {
    const waits = await server.ask<Waits>("waits");
    if (waits.stopped >= count) return waits;
    await sleep(5);
  }
}

const IDLE = 10_000;

/** Clients that wait, beside those of a bare server that does as much: it writes one event, and hears when they go. */
async function idleRows(server: Server, quick: boolean): Promise<Row[]> {
  const bare = await Server.start("http");
  try {
    const own = await clients(server, quick);
    const { kilobytes, stoppedMs } = await clients(bare, quick);
    const name = `memory of an idle client, ${(quick ? 1000 : IDLE).toLocaleString("en-US")} of them`;
    return [
      row(name, [own.kilobytes, "kB"], ["node:http", kilobytes], { limit: 20 }),
      row("the share of a core that they take", [own.busy, "%"], null, { limit: 1 }),
      row(
        "1,000 clients leave: the work of the last one stops after",
        [own.stoppedMs, "ms"],
        ["node:http", stoppedMs],
        { limit: 50 },
      ),
    ];
  } finally {
    bare.stop();
  }
}

export async function serve({ quick }: SuiteOptions): Promise<Row[]> {
  const rows = await compared(quick);
  const server = await Server.start("runlane");
  try {
    rows.push(...(await events(server, quick)), ...(await idleRows(server, quick)));
  } finally {
    server.stop();
  }
  return [...rows, ...(await overload(quick))];
}

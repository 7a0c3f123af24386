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

  ask<T>(what: "cpu" | "memory" | "stopped" | "stoppedAt" | "tookMs"): Promise<T> {
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

/** The cost of a request, in microseconds: of CPU in the server, and of time. */
interface Load {
  readonly cpu: number;
  readonly time: number;
}

/** As many requests as 50 connections take, one after the other on each. */
async function load(server: Server, path: string, seconds: number): Promise<Load> {
  const before = await server.cpuUs();
  const options = { url: server.url(path), method: "POST", headers: JSON_TYPE, body: INPUT } as const;
  const result = await autocannon({ ...options, connections: 50, duration: seconds });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${path}: ${result.non2xx} refused, ${result.errors} errors`);
  const { total } = result.requests;
  return { cpu: ((await server.cpuUs()) - before) / total, time: (result.duration * 1e6) / total };
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
      // The first round warms them up. Each begins with another one.
      for (let round = 0; round < (quick ? 4 : 12); round++)
        for (let turn = 0; turn < KINDS.length; turn++) {
          const kind = KINDS[(round + turn) % KINDS.length]!;
          const measured = await load(servers.get(kind)!, `/${path}/invoke`, quick ? 1 : 2);
          if (round > 0) loads.get(kind)!.push(measured);
        }
      const own = (what: keyof Load) => median(loads.get("runlane")!.map((one) => one[what]));
      /** By how much a rival is slower in the same round: what a machine does besides changes from one to the next. */
      const beside = (rival: Kind, what: keyof Load): [string, number] => {
        const ratios = loads.get(rival)!.map((one, round) => one[what] / loads.get("runlane")![round]![what]);
        return [rival === "http" ? "node:http" : rival, own(what) * median(ratios)];
      };
      const [rival] = [beside("fastify", "time"), beside("hono", "time")].toSorted(([, a], [, b]) => a - b);
      rows.push(
        row(`invoke of 3 ${path} steps, CPU of a request`, [own("cpu"), "us"], beside("http", "cpu"), { max }),
        row("the same, CPU", [own("cpu"), "us"], beside("fastify", "cpu")),
        row("the same, CPU", [own("cpu"), "us"], beside("hono", "cpu")),
        row("the same, time of a request", [own("time"), "us"], rival!, { max: 1 }),
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
  const streams = quick ? 100 : 200;
  const ways = [
    { one: server, path: "/tokens/stream", costs: [] as number[] },
    { one: byHand, path: "/tokens/stream", costs: [] as number[] },
    { one: byHand, path: "/tokens/made", costs: [] as number[] },
  ];
  try {
    for (let round = 0; round < (quick ? 5 : 9); round++)
      for (const { one, path, costs } of ways) {
        const before = await one.cpuUs();
        for (let index = 0; index < streams; index++) await stream(one, path, EVENTS);
        if (round > 0) costs.push(((await one.cpuUs()) - before) / streams / EVENTS);
      }
  } finally {
    byHand.stop();
  }
  const [cost, costByHand, costOfChunks] = ways.map(({ costs }) => median(costs)) as [number, number, number];
  const late: number[] = [];
  for (let index = 0; index < (quick ? 40 : 200); index++) late.push(await firstEventMs(server));
  return [
    row("CPU of an event, in streams of 1,000", [cost, "us"], null, { limit: 1 }),
    row("the same, against a handler by hand", [cost, "us"], ["node:http", costByHand], { max: 1 }),
    row("the same, against chunks and JSON that nobody is sent", [cost, "us"], ["made alone", costOfChunks]),
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
      onWarm: () => server.ask("tookMs"),
    });
    const goodput = times.length / duration;
    const inServer = await server.ask<number[]>("tookMs");
    const limit = QUEUE_MS + 1.5 * SERVICE_MS;
    return [
      row("at 2.5 times the capacity: time of an answer", [1e6 / goodput, "us"], ["at the capacity", 1e6 / capacity], {
        max: 1 / 0.95,
      }),
      row("the same: p99 of what is accepted", [p99(times), "ms"], null, { limit }),
      row("the same, without the way from and to its client", [p99(inServer), "ms"], null, { limit }),
    ];
  } finally {
    server.stop();
  }
}

function p99(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)]!;
}

/** Clients that read a stream in which nothing happens, by their numbers. */
async function idleClients(server: Server, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let index = 0; index < count; index++) {
    const body = `{"input":${index}}`;
    const head = `POST /idle/stream HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
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

interface Idle {
  /** Memory of each client. */
  readonly kilobytes: number;
  /** The share of a core that all of them take, in percent. */
  readonly busy: number;
  /** The longest time from when one of a thousand clients had gone to when its work stopped. */
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
  for (const sockets of [warm, idle]) {
    for (const socket of sockets) socket.destroy();
    await stopped(server, sockets.length);
  }
  const times: number[] = [];
  for (let round = 0; round < (quick ? 5 : 12); round++) times.push(await leave(server, 1000));
  // The first ones are compiled while they leave.
  return { kilobytes, busy, stoppedMs: median(times.slice(quick ? 2 : 3)) };
}

/** Waits until the work for so many clients has stopped. @returns When, for each. */
async function stopped(server: Server, count: number): Promise<Map<number, bigint>> {
  // Asked more often, the server would have that to do besides.
  while ((await server.ask<number>("stopped")) < count) await sleep(50);
  const entries = await server.ask<[number, string][]>("stoppedAt");
  return new Map(entries.map(([client, at]) => [client, BigInt(at)]));
}

/** Has clients leave, all at once. @returns The longest time from when one had closed its connection to when its work stopped. */
async function leave(server: Server, count: number): Promise<number> {
  const leaving = await idleClients(server, count);
  const goneAt = leaving.map((socket) => {
    socket.destroy();
    return process.hrtime.bigint();
  });
  const stoppedAt = await stopped(server, count);
  return Math.max(...goneAt.map((at, client) => Number(stoppedAt.get(client)! - at) / 1e6));
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
        "1,000 clients leave: the work of one that has gone stops within",
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

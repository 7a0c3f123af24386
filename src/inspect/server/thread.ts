import { createHash, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { BroadcastChannel, parentPort, workerData } from "node:worker_threads";
import { type BlockedReport, HELD_CHANNEL } from "../../diagnose/report.ts";
import type { FromServer, ServerData, ToServer } from "../messages.ts";
import { pageWith } from "../page-file.ts";
import { Clients } from "./clients.ts";

/** The entry of the thread that serves the page: it answers also while the event loop that is looked at is held. */

const { host, port, token, file } = workerData as ServerData;
const page = readFileSync(file, "utf8");
const clients = new Clients((looking) => tell({ looking }));
const digest = (text: string) => createHash("sha256").update(text).digest();
const key = digest(token);

/** No other page may frame this one, read it, or learn of its address. */
const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

const server = createServer((request, response) => answer(request, response));
server.on("error", ({ message, code }: NodeJS.ErrnoException) => tell({ failure: message, code }));
server.listen(port, host, () => tell({ port: (server.address() as AddressInfo).port }));

parentPort!.on("message", (message: ToServer) => {
  if ("state" in message) {
    clients.show(message.state);
    return;
  }
  clients.end();
  held.close();
  server.close(() => {
    tell("closed");
    parentPort!.close();
  });
  server.closeAllConnections();
});

const held = new BroadcastChannel(HELD_CHANNEL);
held.onmessage = (event: unknown) => {
  const { data } = event as { data: BlockedReport };
  if (data.thread === "main") clients.showHeld(data.phase === "held" ? data : undefined);
};
held.unref();

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  const refusal = refusalOf(request, searchParams.get("token") ?? "");
  if (refusal !== undefined) {
    refuse(response, refusal.status, refusal.text);
  } else if (pathname === "/") {
    send(response, page);
  } else if (pathname === "/report.html") {
    response.setHeader("content-disposition", 'attachment; filename="runlane-report.html"');
    send(response, pageWith(clients.state ?? "", page));
  } else if (pathname === "/events") {
    response.writeHead(200, { ...HEADERS, "content-type": "text/event-stream; charset=utf-8" });
    clients.add(response);
  } else {
    refuse(response, 404, "There is no such page.");
  }
}

function refusalOf({ method, headers }: IncomingMessage, given: string): { status: number; text: string } | undefined {
  if (!isOwnHost(headers.host)) return { status: 403, text: "This page is only for whoever runs the program." };
  if (method !== "GET") return { status: 405, text: "There is nothing to do here but look." };
  if (timingSafeEqual(digest(given), key)) return undefined;
  return { status: 403, text: "This link has no token, or that of another run: use the link that was printed." };
}

/** A name of another site that leads here would let that site read what is shown. */
function isOwnHost(name: string | undefined): boolean {
  if (host !== "127.0.0.1" && host !== "localhost" && host !== "::1") return true;
  return /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/.test(name ?? "");
}

function send(response: ServerResponse, html: string): void {
  response.writeHead(200, { ...HEADERS, "content-type": "text/html; charset=utf-8" }).end(html);
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { ...HEADERS, "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}

function tell(message: FromServer): void {
  parentPort!.postMessage(message);
}

import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type Binaries, findBinaries } from "./binaries.ts";
import { isRoot, makeHome, NOBODY, type ServerPlace } from "./place.ts";

const USER = "runlane";
const HOST = "127.0.0.1";

/** The address of the server of a place. It stays the same for as long as its data are there. */
export interface ServerAddress {
  readonly port: number;
  readonly password: string;
}

const ADDRESS = "address.json";

/** The address of a server that was started there once. */
export function readAddress({ home }: ServerPlace): ServerAddress | undefined {
  const file = join(home, ADDRESS);
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

export function urlOf({ port, password }: ServerAddress): string {
  return `postgres://${USER}:${password}@${HOST}:${port}/postgres`;
}

/** Makes a database where there is none, and starts the server. What it prints goes to `server.log`. */
export async function startServer(place: ServerPlace): Promise<void> {
  makeHome(place);
  const binaries = findBinaries();
  let address = readAddress(place);
  if (address === undefined || !existsSync(join(place.data, "PG_VERSION"))) {
    const password = randomBytes(18).toString("hex");
    createDatabase(binaries, place, password);
    address = { port: 0, password };
  }
  if (address.port === 0 || !(await isFree(address.port))) address = { ...address, port: await freePort() };
  writeFileSync(join(place.home, ADDRESS), JSON.stringify(address), { mode: 0o600 });
  const log = openSync(join(place.home, "server.log"), "a");
  const settings = {
    listen_addresses: HOST,
    unix_socket_directories: "",
    shared_buffers: "32MB",
    max_connections: 200,
  };
  const args = ["-D", place.data, "-p", String(address.port)];
  for (const [name, value] of Object.entries(settings)) args.push("-c", `${name}=${value}`);
  try {
    const server = spawn(binaries.postgres, args, { ...asUser(), cwd: "/", stdio: ["ignore", log, log] });
    await new Promise((resolve, reject) => server.once("spawn", resolve).once("error", reject));
  } finally {
    closeSync(log);
  }
}

/** Makes a database. @throws An error with the message of `initdb`. */
function createDatabase({ initdb }: Binaries, { data }: ServerPlace, password: string): void {
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { recursive: true });
  const secret = join(data, "..", `.password-${process.pid}`);
  writeFileSync(secret, password, { mode: 0o600 });
  if (isRoot()) for (const path of [data, secret]) chownSync(path, NOBODY, NOBODY);
  chmodSync(data, 0o700);
  const args = [
    "-D",
    data,
    "-U",
    USER,
    "-A",
    "scram-sha-256",
    "--pwfile",
    secret,
    "--no-instructions",
    "--locale=C",
    "--encoding=UTF8",
  ];
  const { status, stderr, error } = spawnSync(initdb, args, { ...asUser(), cwd: "/", encoding: "utf8" });
  rmSync(secret, { force: true });
  if (status === 0) return;
  rmSync(data, { recursive: true, force: true });
  throw error ?? new Error(stderr.trim().split("\n").at(-1));
}

function asUser(): { uid?: number; gid?: number } {
  return isRoot() ? { uid: NOBODY, gid: NOBODY } : {};
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, HOST, () => server.close(() => resolve(true)));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, HOST, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

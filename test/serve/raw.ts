import { createConnection, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A connection that says what it likes, byte by byte. */
export interface RawConnection {
  readonly socket: Socket;
  /** What has come back so far. */
  text(): string;
  send(bytes: string | Buffer): void;
  /** Settles when the server has closed it. */
  readonly closed: Promise<void>;
}

/** Opens a connection that ends with the test at the latest. */
export function connect(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = createConnection(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    let text = "";
    socket.setEncoding("latin1").on("data", (data) => {
      text += data;
    });
    const closed = new Promise<void>((ended) => socket.on("close", () => ended()));
    socket.on("error", (error) => {
      // A reset connection is one that the server has closed.
      if (socket.connecting) reject(error);
    });
    socket.on("connect", () => {
      resolve({ socket, text: () => text, send: (bytes) => void socket.write(bytes), closed });
    });
  });
}

/** Sends bytes as they are, and gives what comes back until the server closes the connection. */
export async function exchange(url: string, bytes: string | Buffer): Promise<string> {
  const connection = await connect(url);
  connection.send(bytes);
  await connection.closed;
  return connection.text();
}

/** The head of a request, with its last header line as it is given. */
export function headOf(path: string, length: number | string, more = "Connection: close\r\n"): string {
  const lines = [`POST ${path} HTTP/1.1`, "Host: x", "Content-Type: application/json", `Content-Length: ${length}`];
  return `${lines.join("\r\n")}\r\n${more}\r\n`;
}

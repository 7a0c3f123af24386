/** Requests that come whether or not others have been answered, at random moments: as those of many people do. */
import { connect } from "node:net";

/**
 * Sends requests at a rate for a while. They come independently of each other (exponential gaps), each on a connection that is free;
 * where none is, one more is opened, up to a limit.
 *
 * @param {{ port: number, path: string, body: string, perSecond: number, seconds: number, maxConnections?: number, onWarm?: () => unknown }} options
 *   `onWarm` is called after a second that does not count: the first request of a connection costs more than the others.
 * @returns {Promise<{ accepted: number[], refused: number, unsent: number }>} The times of answers with status 200, in milliseconds;
 *   how many were answered with another one; and how many found no connection.
 */
export async function openLoop({ port, path, body, perSecond, seconds, maxConnections = 400, onWarm }) {
  const text = Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  /** @type {import("node:net").Socket[]} */
  const sockets = [];
  /** @type {(() => void)[]} */
  const free = [];
  /** @type {number[]} */
  const accepted = [];
  const counts = { refused: 0, unsent: 0 };
  let isCounted = false;

  const add = () =>
    new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      let sentAt = 0;
      let answer = "";
      const send = () => {
        sentAt = performance.now();
        socket.write(text);
      };
      socket.setNoDelay();
      socket.once("error", reject);
      socket.once("connect", () => {
        sockets.push(socket);
        free.push(send);
        resolve(undefined);
      });
      socket.on("data", (/** @type {Buffer} */ chunk) => {
        answer += chunk.toString("latin1");
        const end = answer.indexOf("\r\n\r\n");
        const length = /\r\ncontent-length: (\d+)/i.exec(answer)?.[1];
        if (end < 0 || length === undefined || answer.length < end + 4 + Number(length)) return;
        if (isCounted) {
          if (answer.startsWith("HTTP/1.1 200")) accepted.push(performance.now() - sentAt);
          else counts.refused++;
        }
        answer = "";
        free.push(send);
      });
    });
  // One after the other: a server has room for a few hundred that knock at once.
  while (sockets.length < maxConnections) await add();

  const sendFor = async (/** @type {number} */ ms) => {
    const startedAt = performance.now();
    let dueAt = startedAt;
    while (performance.now() - startedAt < ms) {
      for (; dueAt <= performance.now(); dueAt += (-Math.log(1 - Math.random()) * 1000) / perSecond) {
        const send = free.pop();
        if (send !== undefined) send();
        else if (isCounted) counts.unsent++;
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  await sendFor(1000);
  await onWarm?.();
  isCounted = true;
  await sendFor(seconds * 1000);
  isCounted = false;
  for (const socket of sockets) socket.destroy();
  return { accepted, ...counts };
}

import type { RequestLog, ServeOptions } from "../../serve/options.ts";

/** Tells of requests, a line for each; undefined when nobody wants to know. */
export function requestLogger(
  form: "none" | "json" | "pretty",
  stderr: NodeJS.WritableStream,
): ServeOptions["onRequest"] {
  if (form === "none") return undefined;
  const line = form === "json" ? (log: RequestLog) => JSON.stringify(log) : prettyLine;
  return (log) => stderr.write(`${line(log)}\n`);
}

/** What a client has sent may hold control characters, which a terminal would obey: JSON shows them escaped. */
function prettyLine({ time, method, path, status, ms, error }: RequestLog): string {
  const failure = error === undefined ? "" : `  ${JSON.stringify(error)}`;
  return `${time.slice(11, 19)}  ${status}  ${method.padEnd(4)}  ${JSON.stringify(path).slice(1, -1)}  ${ms.toFixed(1)} ms${failure}`;
}

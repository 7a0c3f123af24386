import type { RequestLog, ServeOptions } from "../../serve/options.ts";

/** A function that logs requests, a line for each; undefined when no log is wanted. */
export function requestLogger(
  form: "none" | "json" | "pretty",
  stderr: NodeJS.WritableStream,
): ServeOptions["onRequest"] {
  if (form === "none") return undefined;
  const line = form === "json" ? (log: RequestLog) => JSON.stringify(log) : prettyLine;
  return (log) => stderr.write(`${line(log)}\n`);
}

/**
 * A line to read; of a failure also its id, which its client knows. Control characters that a client has sent are escaped by JSON: a terminal
 * would obey them.
 */
function prettyLine({ time, id, method, path, status, ms, error }: RequestLog): string {
  const failure = error === undefined ? "" : `  ${JSON.stringify(error)}  ${JSON.stringify(id).slice(1, -1)}`;
  return `${time.slice(11, 19)}  ${status}  ${method.padEnd(4)}  ${JSON.stringify(path).slice(1, -1)}  ${ms.toFixed(1)} ms${failure}`;
}

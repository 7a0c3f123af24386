import { expect } from "vitest";
import type { Running } from "./command.ts";

/** The address that the command says it listens on. */
export async function addressOf({ process: child, finished }: Running): Promise<string> {
  let stdout = "";
  child.stdout!.on("data", (text) => {
    stdout += text;
  });
  const ended = finished.then(({ stderr }) => {
    throw new Error(`The command ended before it listened: ${stderr}`);
  });
  ended.catch(() => {});
  const listens = expect.poll(() => stdout, { timeout: 15_000 }).toMatch(/^listening on http:\S+\n/);
  await Promise.race([listens, ended]);
  return stdout.slice("listening on ".length).trim();
}

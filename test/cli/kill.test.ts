import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { everything } from "../everything.ts";
import { fixture, records, run, start } from "./command.ts";
import { scratchFolder } from "./scratch.ts";

const [INPUTS, KILLS] = everything ? [4000, 12] : [2000, 2];

/** What both files hold, errors without the places in the stacks, which differ by what called what. */
function contents(cwd: string) {
  const errors = records(cwd, "out.errors.jsonl").map(({ error, ...rest }) => ({ ...rest, message: error?.message }));
  return { output: readFileSync(join(cwd, "out.jsonl"), "utf8"), errors };
}

describe("kill -9", () => {
  it("loses nothing and writes nothing twice, whenever it comes and however often", async () => {
    const lines = Array.from({ length: INPUTS }, (_, n) =>
      n % 97 === 13 ? `{"n":${n},\n` : `${JSON.stringify({ n })}\n`,
    );
    const folders = [scratchFolder(), scratchFolder()] as const;
    for (const cwd of folders) writeFileSync(join(cwd, "in.jsonl"), lines.join(""));
    const args = ["batch", fixture("work.mjs"), "-i", "in.jsonl", "-o", "out.jsonl", "-q", "-c", "8"];
    const started = performance.now();
    expect((await run(args, { cwd: folders[0] })).code).toBe(1);
    const wholeMs = performance.now() - started;
    const whole = contents(folders[0]);
    expect(records(folders[0], "out.jsonl").length + whole.errors.length).toBe(INPUTS);

    const cwd = folders[1];
    let killed = 0;
    for (let round = 0; round < KILLS; round++) {
      const command = start([...args, ...(existsSync(join(cwd, "out.jsonl")) ? ["--resume"] : [])], { cwd });
      // Most of a short run is its start; this spreads the kills over what comes after it.
      const delayMs = wholeMs * (0.25 + (0.5 * ((round * 7) % KILLS)) / KILLS);
      const timer = setTimeout(() => command.process.kill("SIGKILL"), delayMs);
      const { signal } = await command.finished;
      clearTimeout(timer);
      if (signal === "SIGKILL") killed++;
    }
    expect(killed).toBeGreaterThan(0);
    expect((await run([...args, "--resume"], { cwd })).code).toBe(1);
    expect(contents(cwd)).toEqual(whole);
  }, 60_000);
});

import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
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
    expect((await run(args, { cwd: folders[0] })).code).toBe(1);
    const whole = contents(folders[0]);
    expect(records(folders[0], "out.jsonl").length + whole.errors.length).toBe(INPUTS);

    const cwd = folders[1];
    const output = join(cwd, "out.jsonl");
    const wholeSize = statSync(join(folders[0], "out.jsonl")).size;
    for (let round = 0; round < KILLS; round++) {
      // It waits a little behind the place where the kill comes, however late that is.
      const env = { HOLD: String(Math.floor((INPUTS * (round + 1)) / (KILLS + 1))) };
      const command = start([...args, ...(existsSync(output) ? ["--resume"] : [])], { cwd, env });
      const size = (wholeSize * (round + 0.5)) / (KILLS + 1);
      await vi.waitUntil(() => existsSync(output) && statSync(output).size >= size, { timeout: 50_000, interval: 1 });
      command.process.kill("SIGKILL");
      expect((await command.finished).signal).toBe("SIGKILL");
    }
    expect((await run([...args, "--resume"], { cwd })).code).toBe(1);
    expect(contents(cwd)).toEqual(whole);
  }, 60_000);
});

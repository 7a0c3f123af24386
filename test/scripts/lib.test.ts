import { expect, test } from "vitest";
import { node } from "../../scripts/lib.mjs";

const sleeping = "setTimeout(() => {}, 600_000)";

test("a command that prints nothing for the limit is ended, and says so first", async () => {
  const { code, output, stuck } = await node(["-e", `console.log("one"); ${sleeping}`], { silenceMs: 3_000 });
  expect(code).not.toBe(0);
  expect(stuck).toBe("stuck: it printed nothing for 3.0 s, and was ended");
  expect(output).toBe(`${stuck}\none\n`);
});

test("a command may take any time while it prints", async () => {
  const code = `let left = 9; const timer = setInterval(() => { console.log(left); if (--left === 0) clearInterval(timer); }, 250)`;
  const { code: exit, stuck, ms } = await node(["-e", code], { silenceMs: 2_000 });
  expect({ exit, stuck }).toEqual({ exit: 0, stuck: undefined });
  expect(ms).toBeGreaterThan(2_000);
});

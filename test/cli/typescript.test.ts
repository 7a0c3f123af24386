import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { prepareTypeScript } from "../../src/cli/pipeline/typescript.ts";
import { everything } from "../everything.ts";
import { parseRecords, run } from "./command.ts";
import { scratchFolder } from "./scratch.ts";

const PIPELINE = `import type { Stats } from "node:fs";
import { suffix } from "./suffix.ts";
interface Input {
  text: string;
}
export default ({ text }: Input, _stats?: Stats): string => text + suffix;
`;

/** Whether this Node loads TypeScript itself. It then takes "commonjs" at its word and refuses imports, which tsx does not. */
const native = Boolean((process.features as { typescript?: unknown }).typescript);
const OTHERS = !everything ? [] : native ? [undefined] : ["commonjs", undefined];

describe("a pipeline in TypeScript", () => {
  it.each(["module", ...OTHERS])("loads, with its imports, in a package of type %s", async (type) => {
    const cwd = scratchFolder();
    if (type !== undefined) writeFileSync(join(cwd, "package.json"), JSON.stringify({ type }));
    mkdirSync(join(cwd, "src"));
    writeFileSync(join(cwd, "src", "pipeline.ts"), PIPELINE);
    writeFileSync(join(cwd, "src", "suffix.ts"), 'export const suffix: string = "!";\n');
    const { code, stdout, stderr } = await run(["batch", "src/pipeline.ts", "-i", "-", "-q"], {
      cwd,
      input: '{"text":"a"}',
    });
    expect(stderr.replace(/^.*(?:Warning|--trace-warnings).*\n/gm, "")).toBe("");
    expect(code).toBe(0);
    expect(parseRecords(stdout)).toEqual([{ index: 0, output: "a!" }]);
  });

  it.skipIf(native)("needs tsx where Node does not strip types, and says how to install it", async () => {
    const nowhere = join(scratchFolder(), "pipeline.ts");
    await expect(prepareTypeScript(nowhere, [nowhere])).rejects.toThrow(
      /^Node [\d.]+ cannot load .*pipeline\.ts by itself; run npm install --save-dev tsx, or use Node 22\.18 or newer$/,
    );
  });
});

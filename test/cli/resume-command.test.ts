import { describe, expect, it } from "vitest";
import { resumeCommand } from "../../src/cli/run/conclude.ts";

describe("resumeCommand", () => {
  it("is the same command with --resume, which stands there once", () => {
    expect(resumeCommand(["batch", "p.ts", "--input", "in.jsonl"])).toBe(
      "runlane batch p.ts --input in.jsonl --resume",
    );
    expect(resumeCommand(["batch", "p.ts", "--resume"])).toBe("runlane batch p.ts --resume");
  });

  it("does not overwrite what it should continue", () => {
    expect(resumeCommand(["batch", "p.ts", "--overwrite"])).toBe("runlane batch p.ts --resume");
  });

  it("quotes what a shell would take apart", () => {
    expect(resumeCommand(["batch", "my pipeline.ts", "--files", "docs/**/*.md", "it's"])).toBe(
      "runlane batch 'my pipeline.ts' --files 'docs/**/*.md' 'it'\\''s' --resume",
    );
  });
});

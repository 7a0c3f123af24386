import * as langchain from "@langchain/core/runnables";
import { describe, expect, it, vi } from "vitest";
import * as runlane from "../../src/index.ts";

/** Both libraries, as one. */
type Lib = any;

async function branchEvents(lib: Lib): Promise<string[]> {
  const branch = lib.RunnableBranch.from([
    [(x: number) => x > 0, lib.RunnableLambda.from((x: number) => x + 1)],
    () => 0,
  ]);
  const events: string[] = [];
  for await (const { event, name } of branch.streamEvents(1, { version: "v2" })) {
    if (name === "RunnableBranch") events.push(event);
  }
  return events;
}

describe("the events of a branch", () => {
  it("end with the branch's own end", async () => {
    expect(await branchEvents(runlane)).toEqual(["on_chain_start", "on_chain_stream", "on_chain_end"]);
  });

  it("lack its chunks and its end in LangChain, where the handler fails", async () => {
    const complaint = vi.spyOn(console, "warn").mockImplementation(() => {});
    expect(await branchEvents(langchain)).toEqual(["on_chain_start"]);
    expect(complaint).toHaveBeenCalledWith(expect.stringContaining("No chain run to end"));
    complaint.mockRestore();
  });
});

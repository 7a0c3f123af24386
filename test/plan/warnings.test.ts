import { describe, expect, it } from "vitest";
import { RunnableLambda, resource, threads } from "../../src/index.ts";

const again = expect.stringMatching(
  /^The resource "declared in a function" is declared again and again, inside a function/,
);
const inputs = Array.from({ length: 200 }, (_, index) => index);

describe("the warnings of a measured plan", () => {
  it("name a resource that a function declares again and again, with the fix, and are printed", async () => {
    const chain = RunnableLambda.from(async (x: number) => {
      const three = resource("declared in a function", () => 3);
      return x * (await three.get());
    });
    // Resources are the process's, and other files that share it may have declared theirs.
    expect((await chain.explain({ analyze: true, inputs: [1] })).warnings).not.toContainEqual(again);
    const plan = await chain.explain({ analyze: true, inputs });
    expect(plan.warnings).toContainEqual(again);
    expect(String(plan)).toContain('warning: The resource "declared in a function"');
    expect(chain.explain().warnings).not.toContainEqual(again);
  });

  it("say the same of a function in a worker", async () => {
    await using lane = threads({ max: 1, execArgv: [] });
    const chain = RunnableLambda.fromModule<typeof import("../fixtures/resources/declares.mjs"), "declaring">(
      new URL("../fixtures/resources/declares.mjs", import.meta.url),
      "declaring",
      { lane },
    );
    const plan = await chain.explain({ analyze: true, inputs });
    expect(plan.warnings).toContainEqual(
      expect.stringContaining('"declared by each call" is declared again and again'),
    );
  });
});

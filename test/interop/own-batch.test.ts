import { RunnableLambda as LangChainLambda, Runnable as LangChainRunnable } from "@langchain/core/runnables";
import { describe, expect, it } from "vitest";
import { RunnableLambda, RunnableSequence } from "../../src/index.ts";
import { stillClock } from "../still-clock.ts";

/** A model with an endpoint for lists: it answers a list in the time of one input. */
class Embedder extends LangChainRunnable<string, number[]> {
  lc_namespace = ["test"];
  calls: string[][] = [];

  async invoke(input: string) {
    return this.embed([input])[0]!;
  }

  override async batch(inputs: string[]): Promise<any> {
    await Promise.resolve();
    return this.embed(inputs).map((output, at) => (inputs[at] === "bad" ? new Error("cannot embed") : output));
  }

  private embed(inputs: string[]): number[][] {
    this.calls.push(inputs);
    return inputs.map((input) => [input.length]);
  }
}

const trim = (text: string) => text.trim();
const first = ([length]: number[]) => length;
const texts = Array.from({ length: 100 }, (_, n) => ` ${"x".repeat(n)} `);

describe("a LangChain step with a batch of its own", () => {
  stillClock();

  it("is given many inputs at once, in the middle of a chain", async () => {
    const embedder = new Embedder();
    const chain = RunnableSequence.from<string, number>([trim, embedder, first] as any);
    expect(await chain.batch(texts)).toEqual(texts.map((text) => text.trim().length));
    expect(embedder.calls.map((inputs) => inputs.length)).toEqual([64, 36]);
  });

  it("is given many inputs at once when it is bound", async () => {
    const embedder = new Embedder();
    const chain = RunnableLambda.from(trim).pipe(embedder.withConfig({ tags: ["t"] }) as any);
    await chain.batch(texts);
    expect(embedder.calls.length).toBe(2);
  });

  it("fails the inputs alone that it fails", async () => {
    const embedder = new Embedder();
    const chain = RunnableLambda.from(trim).pipe(embedder as any);
    const outcomes = await chain.batch(["a", "bad", "ccc"], {}, { returnExceptions: true });
    expect(outcomes).toEqual([[1], new Error("cannot embed"), [3]]);
    await expect(chain.batch(["a", "bad"])).rejects.toThrow("cannot embed");
  });

  it("fails all inputs of a call that rejects, and those only", async () => {
    class Broken extends Embedder {
      override async batch(inputs: string[]): Promise<any> {
        if (inputs.length === 64) throw new Error("too many");
        return super.batch(inputs);
      }
    }
    const chain = RunnableLambda.from(trim).pipe(new Broken() as any);
    const outcomes = await chain.batch(texts, {}, { returnExceptions: true });
    expect(outcomes.filter((outcome) => outcome instanceof Error)).toHaveLength(64);
    expect(outcomes.slice(64)).toEqual(texts.slice(64).map((text) => [text.trim().length]));
  });

  it("says which batch gave the wrong number of outputs", async () => {
    class Short extends Embedder {
      override async batch(): Promise<any> {
        return [];
      }
    }
    const chain = RunnableLambda.from(trim).pipe(new Short() as any);
    await expect(chain.batch(["a", "b"])).rejects.toMatchObject({
      code: "RUNLANE_BATCH_MISMATCH",
      message: expect.stringMatching(/Short.* 2 inputs.* 0/),
    });
  });

  it("streams many inputs of a source through it", async () => {
    const embedder = new Embedder();
    const chain = RunnableLambda.from(trim).pipe(embedder as any);
    const outputs: unknown[] = [];
    for await (const [, outcome] of chain.batchStream(texts)) outputs.push(outcome);
    expect(outputs).toEqual(texts.map((text) => ({ status: "fulfilled", value: [text.trim().length] })));
    expect(embedder.calls.length).toBeLessThan(20);
  });

  it("is called through invoke when its batch is that of the base class", async () => {
    const chain = RunnableLambda.from(trim).pipe(LangChainLambda.from((text: string) => text.length) as any);
    expect(await chain.batch(texts)).toEqual(texts.map((text) => text.trim().length));
  });
});

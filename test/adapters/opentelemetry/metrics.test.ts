import { AIMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { AlwaysOffSampler } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { RunnableLambda, resource, threads } from "../../../src/index.ts";
import { start, startMetrics } from "./support.ts";

/** A chat model that says what it used. */
class Counted extends FakeListChatModel {
  override async _generate() {
    const message = new AIMessage({
      content: "Four.",
      usage_metadata: { input_tokens: 5, output_tokens: 2, total_tokens: 7 },
    });
    return { generations: [{ text: "Four.", message }] };
  }
}

describe("metrics", () => {
  it("tell of runs, models and tools, also of those that the sampler leaves out", async () => {
    const collect = startMetrics();
    const sdk = await start({ sampler: new AlwaysOffSampler() });
    const weather = tool(async () => "rain", { name: "weather", description: "The weather.", schema: z.object({}) });
    const model = new Counted({ responses: [] });
    const chain = RunnableLambda.from(async (text: string, config) => {
      await weather.invoke({}, config);
      return (await model.invoke(text, config)).content;
    });
    await chain.invoke("2 + 2?", { runName: "answer" });
    await expect(
      RunnableLambda.from(() => {
        throw new TypeError("no");
      }).invoke(1, { runName: "fails" }),
    ).rejects.toThrow("no");
    const metrics = await collect();
    expect(metrics.get("gen_ai.invoke_agent.duration")).toMatchObject([
      {
        attributes: { "gen_ai.operation.name": "invoke_workflow", "gen_ai.agent.name": "answer" },
        value: { count: 1 },
      },
      { attributes: { "gen_ai.agent.name": "fails", "error.type": "TypeError" }, value: { count: 1 } },
    ]);
    expect(metrics.get("gen_ai.client.inference.usage.input_tokens")).toMatchObject([{ value: 5 }]);
    expect(metrics.get("gen_ai.client.inference.duration")).toMatchObject([{ value: { count: 1 } }]);
    expect(metrics.get("gen_ai.execute_tool.duration")).toMatchObject([
      { attributes: { "gen_ai.tool.name": "weather" }, value: { count: 1 } },
    ]);
    expect(sdk.spans()).toEqual([]);
  });

  it("tell of lanes, batches and resources", async () => {
    const collect = startMetrics();
    await start();
    const numbers = resource("numbers of metrics", async () => [1, 2, 3]);
    const pool = threads({ max: 1 });
    const onLane = RunnableLambda.from((x: number) => x + 1).withLane(pool);
    const batched = RunnableLambda.batched((xs: number[]) => xs.map((x) => x * 2), { name: "doubles" });
    const using = RunnableLambda.from((x: number, { uses }) => uses.numbers[x], { uses: { numbers } });
    await onLane.batch([1, 2, 3]);
    await batched.batch([1, 2]);
    await using.invoke(0);
    await pool.close();
    const metrics = await collect();
    const ofPool = (name: string) =>
      metrics.get(name)!.filter(({ attributes }) => (attributes as any)["runlane.lane"] === pool.name);
    expect(ofPool("runlane.lane.inputs")).toMatchObject([{ value: 3 }]);
    expect(ofPool("runlane.lane.workers")).toMatchObject([{ value: 0 }]);
    expect(ofPool("runlane.lane.chunk.inputs")[0]!.value.sum).toBe(3);
    expect(metrics.get("runlane.batch.inputs")).toMatchObject([
      { attributes: { "runlane.step": "doubles" }, value: { count: 1, sum: 2 } },
    ]);
    expect(metrics.get("runlane.resource.load.duration")).toMatchObject([
      { attributes: { "runlane.resource": "numbers of metrics", "runlane.lane": "loop" }, value: { count: 1 } },
    ]);
  });

  it("tell of the event loop and of garbage collection, unless somebody else does", async () => {
    const collect = startMetrics();
    await start({ runtime: false });
    expect([...(await collect()).keys()]).not.toContain("nodejs.eventloop.delay.p99");
    await start();
    expect([...(await collect()).keys()]).toEqual(
      expect.arrayContaining(["nodejs.eventloop.delay.p99", "nodejs.eventloop.utilization"]),
    );
  });
});

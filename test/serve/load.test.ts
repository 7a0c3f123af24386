import { describe, expect, it } from "vitest";
import { RunnableLambda } from "../../src/index.ts";
import { jsonOf, post, serve } from "./support.ts";

/** A chain whose runs wait until they are let go, in the order in which they began. */
function gated() {
  const begun: unknown[] = [];
  const open: (() => void)[] = [];
  const chain = RunnableLambda.from((input: unknown, { signal }: any) => {
    begun.push(input);
    return new Promise<unknown>((resolve, reject) => {
      open.push(() => resolve(input));
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  });
  return { chain, begun, letGo: () => open.shift()!() };
}

describe("a server with more requests than it can run", () => {
  it("runs as many at once as it may of each chain, and queues the others", async () => {
    const { chain, begun, letGo } = gated();
    const other = gated();
    const { url } = await serve({ chain, other: other.chain }, { maxConcurrency: 2, maxQueueMs: 60_000 });
    const asked = [1, 2, 3].map((input) => jsonOf(post(`${url}/chain/invoke`, { input })));
    await expect.poll(() => begun.length).toBe(2);
    const others = post(`${url}/other/invoke`, { input: "o" });
    await expect.poll(() => other.begun).toEqual(["o"]);
    expect(begun).toHaveLength(2);
    other.letGo();
    await others;
    for (let index = 0; index < 3; index++) {
      await expect.poll(() => begun.length).toBeGreaterThan(index);
      letGo();
    }
    expect((await Promise.all(asked)).map(({ output }) => output)).toEqual([1, 2, 3]);
  });

  it("refuses those that would wait too long, says when to come again, and runs what it has taken", async () => {
    const { chain, begun, letGo } = gated();
    const { url, server } = await serve({ chain }, { maxConcurrency: 1, maxQueueMs: 5 });
    const ask = (input: number) => post(`${url}/chain/invoke`, { input });
    // The first one tells how long a run takes: longer than anybody may wait.
    const first = ask(0);
    await expect.poll(() => begun.length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    letGo();
    await first;
    const running = ask(1);
    await expect.poll(() => begun.length).toBe(2);
    const refused = await Promise.all([2, 3, 4].map(ask));
    expect(refused.map(({ status, headers }) => [status, headers.get("retry-after")])).toEqual([
      [503, "1"],
      [503, "1"],
      [503, "1"],
    ]);
    expect(server.inFlight).toBe(1);
    letGo();
    expect((await jsonOf(running)).output).toBe(1);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('runlane_runs_refused_total{chain="chain"} 3');
  });

  it("lets clients take turns, by their tokens", async () => {
    const { chain, begun, letGo } = gated();
    const options = { maxConcurrency: 1, maxQueueMs: 60_000, tokens: ["greedy", "modest"] };
    const { url, server } = await serve({ chain }, options);
    const ask = (token: string, input: string) =>
      post(`${url}/chain/invoke`, { input }, { headers: { authorization: `Bearer ${token}` } });
    const asked: Promise<Response>[] = [];
    for (const [index, [token, input]] of [
      ["greedy", "g0"],
      ["greedy", "g1"],
      ["greedy", "g2"],
      ["modest", "m0"],
    ].entries()) {
      asked.push(ask(token!, input!));
      await expect.poll(() => server.inFlight).toBe(index + 1);
    }
    for (let index = 0; index < 4; index++) {
      await expect.poll(() => begun.length).toBe(index + 1);
      letGo();
    }
    await Promise.all(asked);
    expect(begun).toEqual(["g0", "g1", "m0", "g2"]);
  });

  it("forgets those that leave while they wait", async () => {
    const { chain, begun, letGo } = gated();
    const { url, server } = await serve({ chain }, { maxConcurrency: 1, maxQueueMs: 60_000 });
    const running = post(`${url}/chain/invoke`, { input: "first" });
    await expect.poll(() => begun.length).toBe(1);
    const controller = new AbortController();
    const leaving = post(`${url}/chain/invoke`, { input: "gone" }, { signal: controller.signal }).catch(() => "left");
    await expect.poll(() => server.inFlight).toBe(2);
    controller.abort();
    expect(await leaving).toBe("left");
    await expect.poll(() => server.inFlight).toBe(1);
    letGo();
    await running;
    expect(begun).toEqual(["first"]);
  });
});

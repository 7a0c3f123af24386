import { afterAll, describe, expect, it } from "vitest";
import { processes, RunnableLambda, threads } from "../../src/index.ts";
import { loopLane } from "../../src/testing/index.ts";

const pools = {
  loop: loopLane(),
  thread: threads({ max: 1, execArgv: [] }),
  process: processes({ max: 1, execArgv: [] }),
};
afterAll(() => Promise.all(Object.values(pools).map((pool) => pool.close())));

const url = new URL("../fixtures/lanes/reads-config.mjs", import.meta.url);

class Client {
  readonly #socket = 1;
  query() {
    return this.#socket;
  }
}

const circular: Record<string, unknown> = { name: "circular", log() {} };
circular.self = circular;

const config = {
  tags: ["t"],
  configurable: { user: "ada", client: new Client(), __internal: () => 1 },
  metadata: { of: { name: "a", onClick() {} }, list: [1, () => 2], circular },
  store: new Map([["a", () => 1]]),
  writer: () => {},
  symbol: Symbol("s"),
  stop: ["."],
  reactive: new Proxy({ count: 1 }, {}),
  handlers: { list: [new Client()], frozen: new Proxy(new Client(), {}) },
};

describe.each(Object.entries(pools))("a config with parts that cannot travel, on the lane %s", (_, lane) => {
  const step = (exportName: string) =>
    RunnableLambda.fromModule<Record<string, (input: any, config: any) => any>, string>(url, exportName).withLane(lane);

  it("is no obstacle for a step that does not read them", async () => {
    expect(await step("nothing").invoke(1, config)).toBe(2);
    expect(await step("nothing").batch([1, 2, 3], config)).toEqual([2, 3, 4]);
    expect(await step("nothing").batch([1, 2], [config, { ...config, tags: ["u"] }])).toEqual([2, 3]);
    const chunks: unknown[] = [];
    for await (const chunk of await step("chunks").stream({ v: 1 }, config)) chunks.push(chunk);
    expect(chunks).toEqual([{ v: 2 }]);
  });

  it("arrives with all else", async () => {
    for (const [path, value] of [
      [["configurable", "user"], "ada"],
      [["metadata", "of", "name"], "a"],
      [["metadata", "circular", "self", "self", "name"], "circular"],
      [["tags"], ["t"]],
      [["stop"], ["."]],
      [["reactive"], { count: 1 }],
    ])
      expect(await step("read").invoke(path, config)).toEqual(value);
  });

  it.each([
    ["writer", "it is the function writer"],
    ["symbol", "it is the symbol (s)"],
    ["store", "it is an instance of Map"],
    ["handlers.list", "config.handlers.list[0] is an instance of Client"],
    ["handlers.frozen", "it is a Proxy"],
    ["configurable.client", "it is an instance of Client"],
    ["metadata.of.onClick", "it is the function onClick"],
    ["metadata.circular.log", "it is the function log"],
    ["metadata.list", "config.metadata.list[1] is a function"],
  ])("makes reading one of them an error that names it: %s", async (path, reason) => {
    const error = expect.objectContaining({
      code: "RUNLANE_CONFIG_LEFT_OUT",
      message: expect.stringContaining(`config.${path} was not sent to the worker, because ${reason}.`),
    });
    await expect(step("read").invoke(path.split("."), config)).rejects.toEqual(error);
    await expect(step("readWithin").invoke(path.split("."), config)).rejects.toEqual(error);
  });

  it("can be listed and copied there", async () => {
    const [keys, ...others] = await step("keys").invoke(null, config);
    expect(keys).toEqual(expect.arrayContaining(["tags", "metadata", "configurable", "stop"]));
    expect(keys).not.toContain("writer");
    expect(others).toEqual([["user"]]);
    const [seen, entries, isThere] = await step("listed").invoke(null, config);
    expect(seen).toHaveLength(entries);
    expect(isThere).toBe(true);
  });

  it("makes it an error for functions with bindings, too", async () => {
    const bound = RunnableLambda.fromModule<Record<string, (input: any, config: any) => any>, string>(
      url,
      "readWithUses",
      { uses: { limit: 3 } },
    ).withLane(lane);
    expect(await bound.invoke(["configurable", "user"], config)).toEqual([3, "ada"]);
    await expect(bound.invoke(["writer"], config)).rejects.toMatchObject({ code: "RUNLANE_CONFIG_LEFT_OUT" });
  });
});

it("is looked through once for all inputs that share it", async () => {
  let reads = 0;
  const counting = {
    writer: () => {},
    options: {
      get read() {
        reads++;
        return 1;
      },
    },
  };
  const step = RunnableLambda.fromModule<Record<string, (x: number) => number>, string>(url, "nothing").withLane(
    pools.thread,
  );
  await step.batch(
    Array.from({ length: 500 }, (_, x) => x),
    counting,
  );
  // Looking through it takes some, and each message one or two.
  expect(reads).toBeLessThan(100);
});

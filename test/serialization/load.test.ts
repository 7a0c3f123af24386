import { describe, expect, it, vi } from "vitest";
import { Serializable } from "../../src/core/serialization/serializable.ts";
import {
  type ImportMap,
  load,
  RouterRunnable,
  RunlaneError,
  type Runnable,
  RunnableBranch,
  RunnableLambda,
  RunnableMap,
  RunnablePassthrough,
  RunnablePick,
  RunnableSequence,
} from "../../src/index.ts";

/** A class of somebody else. */
class Client extends Serializable {
  override lc_namespace = ["acme", "clients"];
  override lc_serializable = true;
  readonly apiKey: string;
  readonly modelName: string | undefined;
  readonly inner: unknown;

  constructor(fields: { apiKey: string; modelName?: string; inner?: unknown }) {
    super(fields);
    this.apiKey = fields.apiKey;
    this.modelName = fields.modelName;
    this.inner = fields.inner;
  }

  override get lc_secrets() {
    return { apiKey: "ACME_KEY" };
  }

  override get lc_aliases() {
    return { modelName: "model" };
  }
}

const importMap = { "acme/clients": { Client } };
const constructorOf = (id: string[], kwargs: unknown = {}) => ({ lc: 1, type: "constructor", id, kwargs });
const runnable = (name: string, kwargs: unknown = {}) => constructorOf(["langchain_core", "runnables", name], kwargs);
const refusal = (document: string | object, options?: object) =>
  load(document, options).then(
    () => expect.unreachable(),
    (error) => {
      expect(error).toBeInstanceOf(RunlaneError);
      expect(error.code).toBe("RUNLANE_NOT_LOADABLE");
      return error.message as string;
    },
  );

describe("load", () => {
  it("builds Runlane's own classes, nested", async () => {
    const chain = RunnableMap.from({ all: new RunnablePassthrough(), name: new RunnablePick("name") })
      .pipe(RunnablePassthrough.assign({ again: new RunnablePick(["name"]) }))
      .pipe(new RunnablePick(["all", "name", "again"]));
    const loaded = await load<Runnable>(JSON.stringify(chain));
    expect(loaded).toBeInstanceOf(RunnableSequence);
    expect(JSON.stringify(loaded)).toBe(JSON.stringify(chain));
    expect(await loaded.invoke({ name: "Ada" })).toEqual({ all: { name: "Ada" }, name: "Ada", again: { name: "Ada" } });
  });

  it("takes the object as well as the text, and runnables themselves", async () => {
    const pick = new RunnablePick("a");
    for (const document of [JSON.stringify(pick), JSON.parse(JSON.stringify(pick)), pick.toJSON(), pick]) {
      expect(await (await load<Runnable>(document)).invoke({ a: 1 })).toBe(1);
    }
  });

  it("takes the older address of LangChain's runnables, and longer ones", async () => {
    for (const path of [
      ["langchain", "schema", "runnable"],
      ["langchain_core", "runnables", "base"],
    ]) {
      expect(await load(constructorOf([...path, "RunnablePick"], { keys: "a" }))).toBeInstanceOf(RunnablePick);
    }
  });

  it("keeps what is bound, branched and routed", async () => {
    const pick = new RunnablePick("a");
    const bound = new RunnablePassthrough().withConfig({ runName: "x", metadata: { userId: 1, lc: 3 } });
    const chain = RunnableBranch.from([[pick, new RouterRunnable({ runnables: { fooBar: bound } })], pick]);
    const loaded = await load<Runnable>(JSON.stringify(chain));
    expect(JSON.stringify(loaded)).toEqual(JSON.stringify(chain));
    expect(await loaded.invoke({ a: 1, key: "fooBar", input: 7 })).toBe(7);
  });

  it("keeps steps under keys that LangChain's form escapes", async () => {
    for (const key of ["lc", "__lc_escaped__", "__proto__", "constructor", "toJSON", "id"]) {
      const steps = Object.fromEntries([[key, new RunnablePick("a")]]);
      const loaded = await load<RunnableMap>(JSON.stringify(RunnableMap.from(steps)));
      expect(loaded.getStepsKeys()).toEqual([key]);
      expect(loaded.steps[key]).toBeInstanceOf(RunnablePick);
      const router = await load<RouterRunnable>(JSON.stringify(new RouterRunnable({ runnables: steps })));
      expect(await router.invoke({ key, input: { a: 1 } })).toBe(1);
    }
  });

  it("finds other classes in importMap, by the whole namespace or as in LangChain", async () => {
    const secretsMap = { ACME_KEY: "sk-2" };
    const text = JSON.stringify(new Client({ apiKey: "sk-1", modelName: "small", inner: new RunnablePick("a") }));
    expect(text).toContain('"model":"small"');
    expect(text).not.toContain("sk-1");
    for (const [map, document] of [
      [importMap, text],
      [{ acme: { Client } }, text],
      [{ "acme/clients": async () => ({ Client }) }, text],
      [{ "acme/clients": Promise.resolve({ Other: Client }) }, text],
      [{ clients: { Client } }, text.replace('"acme"', '"langchain"')],
      [{ models__clients: { Client } }, text.replace('"acme"', '"langchain_core","models"')],
    ] as [ImportMap, string][]) {
      const client = await load<Client>(document, { importMap: map, secretsMap });
      expect(client).toBeInstanceOf(Client);
      expect([client.apiKey, client.modelName]).toEqual(["sk-2", "small"]);
      expect(client.inner).toBeInstanceOf(RunnablePick);
    }
    expect(await load(text, { optionalImportsMap: importMap, secretsMap })).toBeInstanceOf(Client);
  });

  it("asks resolve for what is not Runlane's own, before the maps", async () => {
    const resolve = vi.fn((id: readonly string[], kwargs: Record<string, unknown>) =>
      id.at(-1) === "Shout" ? RunnableLambda.from((text: string) => text.toUpperCase() + kwargs.endMark) : undefined,
    );
    const document = runnable("RunnableSequence", {
      first: new RunnablePick("text"),
      last: constructorOf(["acme", "Shout"], { end_mark: "!" }),
    });
    expect(await (await load<Runnable>(document, { resolve })).invoke({ text: "hi" })).toBe("HI!");
    expect(resolve.mock.calls).toEqual([[["acme", "Shout"], { endMark: "!" }]]);
    const client = new Client({ apiKey: "" });
    expect(await load(client, { resolve, importMap, secretsMap: { ACME_KEY: "k" } })).toBeInstanceOf(Client);
  });

  it("gives plain data back as it was, objects that look saved included", async () => {
    const data = { list: [1, null, { lc: 1, type: "secret", id: ["HOME"] }], wrapped: { __lc_escaped__: { lc: 2 } } };
    const bound = new RunnablePassthrough().withConfig({ metadata: data });
    const { config } = await load<typeof bound & { config: object }>(JSON.stringify(bound), { secretsFromEnv: true });
    expect(config).toEqual({ metadata: data });
    expect(await load({ a: [1, "b", { c: null }] })).toEqual({ a: [1, "b", { c: null }] });
  });
});

describe("load refuses", () => {
  it("what could not be saved, with its path", async () => {
    const chain = RunnableMap.from({ "first name": new RunnablePick("a").pipe((x: string) => x) });
    expect(await refusal(JSON.stringify(chain))).toContain(
      'at $.kwargs.steps["first name"].kwargs.last, langchain_core.runnables.RunnableLambda is missing, because it could not be saved: it is a function',
    );
  });

  it("classes that nobody knows", async () => {
    expect(await refusal([runnable("RunnableUnheardOf")])).toContain(
      "at $[0], nothing is known of the class langchain_core.runnables.RunnableUnheardOf; give it in importMap, or by resolve",
    );
    for (const id of [
      ["constructor"],
      ["acme", "clients", "toString"],
      ["__proto__", "x"],
      ["acme", "clients", "prototype"],
    ])
      expect(await refusal(constructorOf(id), { importMap })).toContain("nothing is known of the class");
  });

  it("functions of a known module that are no classes of saved objects", async () => {
    const run = vi.fn();
    const bare = class {};
    const exports = { "acme/clients": { run, arrow: () => run(), bare, Function } };
    for (const name of Object.keys(exports["acme/clients"]))
      expect(await refusal(constructorOf(["acme", "clients", name]), { importMap: exports })).toContain(
        "nothing is known",
      );
    expect(run).not.toHaveBeenCalled();
  });

  it("secrets that it was not given, and never looks into the environment unasked", async () => {
    vi.stubEnv("ACME_KEY", "from the environment");
    const text = JSON.stringify(new Client({ apiKey: "sk-1" }));
    expect(await refusal(text, { importMap })).toContain('at $.kwargs.api_key, the secret "ACME_KEY" is not known');
    expect(await refusal(text.replace("ACME_KEY", "toString"), { importMap })).toContain("is not known");
    expect((await load<Client>(text, { importMap, secretsFromEnv: true })).apiKey).toBe("from the environment");
    const secretsMap = { ACME_KEY: "given" };
    expect((await load<Client>(text, { importMap, secretsFromEnv: true, secretsMap })).apiKey).toBe("given");
    vi.unstubAllEnvs();
  });

  it("fields that its classes refuse, with the reason and the cause", async () => {
    const message = await refusal(runnable("RunnableSequence", { first: runnable("RunnablePick", { keys: 3 }) }));
    expect(message).toContain(
      "at $.kwargs.first, langchain_core.runnables.RunnablePick cannot be built: RunnablePick needs",
    );
    const error = (await load(runnable("RunnablePick", { keys: 3 })).catch((thrown) => thrown)) as {
      cause: { code: string };
    };
    expect(error.cause.code).toBe("RUNLANE_INVALID_STEPS");
    expect(await refusal(runnable("RunnablePick", [1]))).toContain(
      "at $.kwargs, the fields of a constructor must be an object",
    );
  });

  it("what would do something else without the functions that it had", async () => {
    const document = runnable("RunnableBinding", {
      bound: new RunnablePick("a"),
      config: {},
      config_factories: [null],
    });
    expect(await refusal(document)).toContain("its configFactories are functions");
  });

  it("documents that are nested too deep", async () => {
    let nested: unknown = 1;
    for (let depth = 0; depth < 51; depth++) nested = [nested];
    expect(await refusal(JSON.stringify(nested))).toContain("nested deeper than 50 levels; raise maxDepth");
    expect(await load(JSON.stringify(nested), { maxDepth: 51 })).toEqual(nested);
    for (const maxDepth of ["deep", Number.NaN, -1])
      await expect(load("[]", { maxDepth: maxDepth as number })).rejects.toMatchObject({
        code: "RUNLANE_INVALID_OPTION",
      });
    expect(await refusal("[".repeat(100_000) + "]".repeat(100_000))).toContain("$");
  });

  it("what is not JSON", async () => {
    expect(await refusal("{")).toContain("at $, the document is not JSON");
    const circle: unknown[] = [];
    circle.push(circle);
    expect(await refusal(circle)).toContain("the document is not JSON");
  });

  it("kinds of entries that the form does not have", async () => {
    expect(await refusal({ a: { lc: 1, type: "function", id: ["x"] } })).toContain('at $.a, an object with "lc" in it');
  });
});

describe("a document with __proto__ in it", () => {
  it("changes no prototype, and keeps the key in data", async () => {
    const data = await load<any>('{"__proto__": {"polluted": 1}, "inner": {"__proto__": {"polluted": 1}}}');
    expect(Object.keys(data)).toEqual(["__proto__", "inner"]);
    expect([data.polluted, data.inner.polluted, ({} as any).polluted]).toEqual([undefined, undefined, undefined]);
  });

  it("is refused where it is a field of a constructor", async () => {
    const text = JSON.stringify(runnable("RunnablePick", { keys: "a", proto: { x: 1 } })).replace("proto", "__proto__");
    expect(await refusal(text)).toContain("at $.kwargs, a field is called __proto__");
  });
});

import { Serializable as LangChainSerializable } from "@langchain/core/load/serializable";
import * as langchain from "@langchain/core/runnables";
import { assert, constantFrom, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
// @ts-expect-error LangChain does not export it
import { keyFromJson, keyToJson } from "../../node_modules/@langchain/core/dist/load/map_keys.js";
import { toCamelCase, toSnakeCase } from "../../src/core/serialization/serial-keys.ts";
import * as runlane from "../../src/index.ts";
import { everything } from "../everything.ts";

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** The same classes, as written for LangChain, on one of the two base classes. */
function classesOn(Runnable: any) {
  class Plain extends Runnable {
    lc_namespace = ["acme", "steps"];
    lc_serializable = true;
    modelName = "small";
    fooBar = 1;
    apiKey = "sk-1";
    client = { auth: { token: "t-1", user: "ada" } };

    constructor(fields?: unknown) {
      super(fields);
    }

    async invoke(input: unknown) {
      return input;
    }
  }

  class Named extends Plain {
    static lc_name() {
      return "NamedOtherwise";
    }
  }

  class Inherited extends Named {}

  class Ruled extends Plain {
    get lc_secrets() {
      return { apiKey: "ACME_KEY", "client.auth.token": "ACME_TOKEN", missing: "NEVER", "none.deep": "NEVER" };
    }
    get lc_aliases() {
      return { modelName: "model", fooBar: "foo" };
    }
    get lc_attributes() {
      return { extraPart: { lc: 1, deep: true }, other: [1, { lc: 2 }] };
    }
  }

  class RuledMore extends Ruled {
    override get lc_attributes() {
      return { ...super.lc_attributes, more: true };
    }
  }

  class Selective extends Plain {
    get lc_serializable_keys() {
      return ["fooBar"];
    }
  }

  class Unsaved extends Plain {
    override lc_serializable = false;
  }

  class Silent extends Runnable {
    async invoke(input: unknown) {
      return input;
    }
  }

  return { Plain, Named, Inherited, Ruled, RuledMore, Selective, Unsaved, Silent } as Record<string, any>;
}

const ours = classesOn(runlane.Runnable);
const theirs = classesOn(langchain.Runnable);
theirs.Silent.prototype.lc_namespace = ["langchain_core", "runnables"];

const fields: Record<string, () => unknown> = {
  "no fields": () => undefined,
  null: () => null,
  "fields that the instance changed": () => ({ modelName: "large", fooBar: 9 }),
  "fields that the instance does not have": () => ({ someOther: 1, HTTPServer2: { camelCase: 1 } }),
  "fields with secrets": () => ({ apiKey: "sk-9", client: { auth: { token: "t-9" } } }),
  "fields with user data": () => ({
    data: { lc: 1, type: "constructor" },
    list: [{ lc: 1 }],
    wrapped: { __lc_escaped__: 1 },
  }),
  "an array": () => [1],
  "a string": () => "text",
};

describe("a subclass written for LangChain is saved as in LangChain", () => {
  const cases = Object.keys(ours).flatMap((name) => Object.keys(fields).map((kind) => [name, kind] as const));

  it.each(cases)("%s with %s", (name, kind) => {
    const make = (classes: Record<string, any>) => new classes[name](fields[kind]?.());
    const [ourOwn, their] = [make(ours), make(theirs)];
    expect(json(ourOwn)).toEqual(json(their));
    expect(ourOwn.lc_id).toEqual(their.lc_id);
  });

  it("on a class that can be saved: with its fields, under its own name", () => {
    class Ours extends runlane.RunnablePick {}
    class Theirs extends langchain.RunnablePick {}
    const expected = json(new Theirs("a")) as any;
    expect(json(new Ours("a"))).toEqual({ ...expected, id: ["langchain_core", "runnables", "Ours"] });
    expect(expected.id).toEqual(["langchain_core", "runnables", "Theirs"]);
  });

  it("with fields that it sets itself", () => {
    class Own extends runlane.RunnablePick {
      constructor() {
        super("a");
        this.lc_kwargs = { keys: "b", more: true };
      }
    }
    expect((json(new Own()) as any).kwargs).toEqual({ keys: "b", more: true });
  });

  it("and as a field of something of LangChain's", () => {
    class Holder extends LangChainSerializable {
      lc_namespace = ["acme"];
      override lc_serializable = true;
    }
    const step = new ours.Ruled({ apiKey: "sk-9" });
    expect((json(new Holder({ step })) as any).kwargs.step).toEqual(json(step));
  });
});

describe("the names of fields", () => {
  it("are those of LangChain in both directions", () => {
    const name = string({ unit: constantFrom("a", "b", "A", "B", "2", "_", "-", " ", "$"), maxLength: 12 });
    assert(
      property(name, (key) => {
        expect([toSnakeCase(key), toCamelCase(key)]).toEqual([keyToJson(key), keyFromJson(key)]);
      }),
      { numRuns: everything ? 2_000 : 200 },
    );
  });
});

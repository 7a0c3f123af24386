import { afterEach, describe, expect, it, vi } from "vitest";
import { inspectFunction, shipFunction } from "../../src/shipping/functions/function-ref.ts";
import * as refused from "../fixtures/shipping/refused.mjs";
import * as sloppy from "../fixtures/shipping/sloppy.cjs";

const functions: Record<string, unknown> = { ...refused, ...sloppy };
const where = 'withLane("thread"), step "score"';

function refusal(func: unknown, uses?: Record<string, unknown>): any {
  try {
    shipFunction(func as () => unknown, { where, uses });
  } catch (error) {
    return error;
  }
  throw new Error("It was not refused.");
}

/** Function, names of the variables, line of each in the function. */
const CAPTURED: readonly (readonly [name: keyof typeof refused, variables: readonly (readonly [string, number])[]])[] =
  [
    ["capturesConstant", [["limit", 1]]],
    [
      "capturesTwo",
      [
        ["limit", 2],
        ["options", 3],
      ],
    ],
    ["capturesVariable", [["counter", 2]]],
    ["capturesImport", [["performance", 1]]],
    ["capturesNamespace", [["path", 1]]],
    ["capturesShadowedGlobal", [["fetch", 2]]],
    ["capturesFunction", [["helper", 1]]],
    ["capturesClass", [["Model", 1]]],
    ["capturesInNested", [["limit", 3]]],
    ["capturesInDefault", [["limit", 1]]],
    ["capturesBodyNameInDefault", [["limit", 1]]],
    ["capturesInTemplate", [["limit", 1]]],
    ["capturesInShorthand", [["limit", 1]]],
    ["capturesInComputedKey", [["limit", 1]]],
    ["capturesInPatternDefault", [["limit", 1]]],
    ["capturesInClassBody", [["Model", 2]]],
    ["capturesInLoop", [["limit", 4]]],
    ["capturesBlockScoped", [["options", 6]]],
    ["capturesInSwitch", [["limit", 2]]],
    ["capturesByWriting", [["counter", 2]]],
    ["capturesTag", [["helper", 1]]],
    ["capturesTypeof", [["limit", 1]]],
    ["capturesOwnGlobal", [["madeByTheFixture", 1]]],
    ["capturesNothingDeclared", [["nobodyDeclaredThis", 1]]],
    ["capturesCatchOutside", [["counter", 7]]],
  ];

describe("a function that captures variables is refused", () => {
  it.each(CAPTURED)("with each variable and its line: %s", (name, variables) => {
    const error = refusal(functions[name]);
    expect(error.code).toBe("RUNLANE_CAPTURED_VARIABLE");
    expect(error.variables.map((one: any) => [one.name, one.line])).toEqual(variables);
    expect(error.message).toContain(`${where}: its function ${name} cannot run in another thread`);
    expect(error.message).toMatch(/RunnableLambda\.fromModule\(.*`uses: \{ name \}`/);
  });

  it("with the file and the line there", () => {
    const [variable] = refusal(refused.capturesTwo).variables;
    expect(variable.file).toMatch(/^file:.*\/test\/fixtures\/shipping\/refused\.mjs:31$/);
    expect(refusal(refused.capturesTwo).message).toContain(`limit (${variable.file}), options (`);
  });

  it("when it was made by another function", () => {
    const error = refusal(refused.makeClosure(2));
    expect(error.variables).toMatchObject([{ name: "factor", line: 1 }]);
    expect(error.message).toContain("its function cannot run");
  });

  it("with a hint when the variable is in `uses` but read from outside", () => {
    const { message } = refusal(refused.usesDeclaredInUses, { options: { depth: 1 } });
    expect(message).toContain("it is in `uses`, so read config.uses.options instead");
  });

  it("when a variable of its surroundings has the name of a global, which the source alone does not show", () => {
    const shadowing = new Function("fetch", "return (x) => fetch(x)")(() => 1);
    const plain = new Function("return (x) => fetch(x)")();
    expect(refusal(shadowing).variables).toMatchObject([{ name: "fetch" }]);
    expect(shipFunction(plain, { where })).toMatchObject({ from: "source", source: "(x) => fetch(x)" });
  });

  it.each([
    ["requires", "require"],
    ["usesRequired", "path"],
    ["usesFolder", "__dirname"],
  ] as const)("when it uses what CommonJS modules have: %s", (name, variable) => {
    expect(refusal(functions[name]).variables).toMatchObject([{ name: variable, line: 1 }]);
  });
});

/** Function, part of the message, line in the function when it has one. */
const NOT_SHIPPABLE: readonly (readonly [what: string, func: unknown, reason: string, line?: number])[] = [
  ["a method", refused.method, "is a method"],
  ["an async method", refused.asyncMethod, "is a method"],
  ["a generator method", refused.generatorMethod, "is a method"],
  ["a method of a class", refused.classMethod, "is a method"],
  ["a private method", refused.privateMethod, "is a method"],
  ["a getter", refused.getter, "is a method"],
  ["a bound function", refused.bound, "is a bound function"],
  ["a native function", refused.native, "is native"],
  ["a proxy of a function", refused.proxy, "is native"],
  ["a class", refused.aClass, "is a class"],
  ["a function that uses `this`", refused.usesThis, "uses `this`", 2],
  ["an arrow function that uses the `this` around it", refused.usesOuterThis, "uses `this`", 2],
  ["a function that uses `new.target`", refused.usesNewTarget, "uses `new.target`", 2],
  ["an arrow function with the `arguments` around it", refused.makeOuterArguments(), "`arguments` of the function", 1],
  ["an import of a neighbour", refused.importsRelative, "imports what only its own module can find", 2],
  ["an import of a package", refused.importsPackage, "imports what only its own module can find", 1],
  ["an import of an unknown module", refused.importsUnknown, "imports what only its own module can find", 1],
  ["a function that uses `import.meta`", refused.importsMeta, "uses `import.meta`", 2],
  ["a function that calls eval", refused.callsEval, "calls `eval`", 1],
  ["a function that keeps something on itself", refused.remembers, "has properties that are not in its source (cache)"],
  ["imports rewritten by Vitest", refused.countsByVitest, "was rewritten by Vite or Vitest", 1],
  ["imports rewritten by newer Vitest", refused.importsByVitest, "was rewritten by Vite or Vitest", 1],
  ["coverage counters", refused.countsCoverage, "counts its own coverage", 2],
  ["imports rewritten by webpack", refused.byWebpack, "was rewritten by a bundler", 1],
  ["a function compiled for an older JavaScript", refused.compiledDown, "was compiled for an older JavaScript", 1],
  ["a function that strict mode does not know", sloppy.octal, "cannot be read as a function in strict mode"],
];

describe("a function that its source does not make is refused", () => {
  it.each(NOT_SHIPPABLE)("%s", (_, func, reason, line) => {
    const error = refusal(func);
    expect(error.code).toBe("RUNLANE_NOT_SHIPPABLE");
    expect(error.message).toContain(reason);
    expect(error.message).toContain("RunnableLambda.fromModule");
    expect(error.line).toBe(line);
  });

  it("when Vitest has rewritten it for real, as it does with this file", () => {
    const error = refusal((func: () => unknown) => shipFunction(func, { where }));
    expect(error.message).toContain("was rewritten by Vite or Vitest");
  });
});

describe("inspecting a function that cannot be shipped", () => {
  it("gives the reason and throws nothing", () => {
    expect(inspectFunction(refused.capturesTwo)).toEqual({
      shippable: false,
      pure: false,
      isAsync: false,
      reason: "it uses limit, options",
    });
    expect(inspectFunction(refused.importsPackage)).toMatchObject({ shippable: false, isAsync: true });
    expect(inspectFunction(refused.method).reason).toMatch(/^it is a method/);
  });
});

describe("where the engine cannot be asked about scopes", () => {
  afterEach(() => void vi.restoreAllMocks());

  function withoutInspector(): void {
    const { getBuiltinModule } = process;
    vi.spyOn(process, "getBuiltinModule").mockImplementation(((name: string) =>
      name === "node:inspector" ? undefined : getBuiltinModule(name)) as typeof getBuiltinModule);
  }

  it("every free name that is no global is refused, by its line in the function", () => {
    withoutInspector();
    const func = new Function("limit", "return (x) =>\n  x + limit")(1);
    const error = refusal(func);
    expect(error.variables).toEqual([{ name: "limit", line: 2 }]);
    expect(error.message).toContain("limit (line 2 of the function)");
  });

  it("a global is taken for the global, shadowed or not", () => {
    withoutInspector();
    const func = new Function("fetch", "return (x) => fetch(x)")(() => 1);
    expect(shipFunction(func, { where })).toMatchObject({ from: "source" });
  });
});

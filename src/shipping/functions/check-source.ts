import { type Closure, inspectClosure } from "./closure.ts";
import { analyse, type FreeUse, type SourceFacts } from "./free-variables.ts";
import { isGlobal, isPureGlobal } from "./globals.ts";
import { mayChangeInput } from "./input-writes.ts";
import { type ImportBase, importBase, namesPackage } from "./package-imports.ts";
import { parseExpression, type SyntaxNode } from "./parse.ts";
import { rewrittenBy } from "./rewritten.ts";

/** A function whose source says everything about it. */
export interface Shippable {
  /** An expression that makes the function in another thread. */
  readonly source: string;
  readonly isAsync: boolean;
  /** Whether the function touches only pure globals and leaves its arguments as they are, so that it does the same in every thread. */
  readonly pure: boolean;
  /** The reason why the function is not pure. */
  readonly impurity?: string;
  /** The file from which the packages that it imports are looked for. */
  readonly base?: ImportBase;
}

/** An obstacle to shipping a function. */
export type Obstacle =
  | { readonly captured: readonly Captured[] }
  | { readonly reason: string; readonly node?: SyntaxNode | undefined };

/** A variable that a function takes from the scopes around it. */
export interface Captured {
  readonly name: string;
  /** The first use of the variable. */
  readonly node: SyntaxNode;
  /** A hint, when the name is no plain variable. */
  readonly note?: string;
}

/** The helper that tsx and esbuild wrap functions in to keep their names (`keepNames`). */
const KEEPS_NAMES = /^__name\d*$/;
const NAME_HELPER = `(target, value) => Object.defineProperty(target, "name", { value, configurable: true })`;

const checked = new WeakMap<object, Shippable | Obstacle>();

/**
 * Decides whether the source of a function says everything about it. The source gives the names that it does not declare, the engine
 * tells which of them the scopes around the function declare.
 *
 * Without an inspector, a global that the surrounding scopes shadow is taken for the global.
 */
export function checkFunction(func: object): Shippable | Obstacle {
  let result = checked.get(func);
  if (result === undefined) {
    result = check(func);
    checked.set(func, result);
  }
  return result;
}

function check(func: object): Shippable | Obstacle {
  const text = Function.prototype.toString.call(func);
  if (/\{\s*\[native code\]\s*\}$/.test(text)) return { reason: nativeReason(func) };
  const root = parseExpression(text);
  if (root === undefined) {
    const isMethod = parseExpression(`class {${text}}`) !== undefined;
    const reason = isMethod
      ? "is a method, which belongs to its object; write it as a function or an arrow function"
      : "cannot be read as a function in strict mode";
    return { reason };
  }
  if (root.type === "ClassExpression") return { reason: "is a class" };
  const facts = analyse(root);
  const closure = facts.free.size === 0 ? undefined : inspectClosure(func, [...facts.free.keys()]);
  const packages = facts.imports.map(addressOf).filter((address) => address !== undefined && namesPackage(address));
  const base = packages.length === 0 ? undefined : importBase(func, packages as string[]);
  return (
    rewritten(facts) ??
    unmovable(facts, root, base) ??
    captured(facts, closure) ??
    shippable(func, text, facts, closure, root, base)
  );
}

/** The text that an import names. */
function addressOf(node: SyntaxNode): string | undefined {
  const address: unknown = node.source?.value;
  return typeof address === "string" ? address : undefined;
}

function nativeReason(func: object): string {
  const name = (func as { name?: unknown }).name;
  return typeof name === "string" && name.startsWith("bound ")
    ? "is a bound function, whose `this` and arguments are not in its source; write an arrow function that calls it"
    : "is native, so it has no source; write an arrow function that calls it";
}

/** The obstacle of a source that a tool has rewritten. Its other obstacles would only confuse. */
function rewritten({ free }: SourceFacts): Obstacle | undefined {
  for (const [name, [first]] of free) {
    const reason = rewrittenBy(name);
    if (reason !== undefined) return { reason, node: first?.node };
  }
  return undefined;
}

/** The obstacle of syntax, other than a variable, that would mean something else in another thread. */
function unmovable(
  { receivers, imports, evals, free }: SourceFacts,
  root: SyntaxNode,
  base: ImportBase | undefined,
): Obstacle | undefined {
  const [receiver] = receivers;
  if (receiver !== undefined) {
    const word = { ThisExpression: "this", Super: "super" }[receiver.type as string] ?? "new.target";
    return { reason: `uses \`${word}\`, which it would not have there`, node: receiver };
  }
  const outer = free.get("arguments")?.[0]?.node;
  if (outer !== undefined && root.type === "ArrowFunctionExpression")
    return { reason: "uses the `arguments` of the function around it", node: outer };
  for (const node of imports) {
    if (node.type === "MetaProperty") return { reason: "uses `import.meta`, which belongs to its module", node };
    const address = addressOf(node);
    if (
      address === undefined ||
      !(/^(?:node|file|data):/.test(address) || (base !== undefined && namesPackage(address)))
    )
      return {
        reason:
          "imports what only its own module can find (`node:` and `file:` addresses, and installed packages, can be found anywhere)",
        node,
      };
  }
  const [node] = evals;
  return node && { reason: "calls `eval`, which may use any variable around it", node };
}

function captured({ free }: SourceFacts, closure: Closure | undefined): Obstacle | undefined {
  const variables: Captured[] = [];
  for (const [name, uses] of free) {
    if (KEEPS_NAMES.test(name) || closure?.itself.has(name)) continue;
    const node = (uses[0] as FreeUse).node;
    if (closure?.declared.has(name)) variables.push({ name, node, ...noteOf(name) });
    else if (isGlobal(name)) continue;
    else if (closure === undefined) variables.push({ name, node, ...noteOf(name) });
    else if (name in globalThis) variables.push({ name, node, note: "a global that only this thread has" });
    // A name that nobody declared can be asked for its type, and is then not used.
    else if (!uses.some(({ isTypeof }) => isTypeof))
      variables.push({ name, node, note: noteOf(name)?.note ?? "declared nowhere" });
  }
  return variables.length === 0 ? undefined : { captured: variables };
}

function noteOf(name: string): { note: string } | undefined {
  return /^(?:require|module|exports|__filename|__dirname)$/.test(name)
    ? { note: 'of its CommonJS module; `await import("node:...")` works anywhere' }
    : undefined;
}

function shippable(
  func: object,
  text: string,
  { free, imports, usesItself, writesOutside }: SourceFacts,
  closure: Closure | undefined,
  root: SyntaxNode,
  base: ImportBase | undefined,
): Shippable | Obstacle {
  const selves = [...(closure?.itself ?? [])];
  const properties = Object.keys(func);
  if ((usesItself || selves.length > 0) && properties.length > 0) {
    return { reason: `uses itself, and has properties that are not in its source (${properties.join(", ")})` };
  }
  const helpers = [...free.keys()].filter((name) => KEEPS_NAMES.test(name));
  const names = [...free.keys()].filter((name) => !selves.includes(name) && !helpers.includes(name));
  const shipped = { source: expressionOf(text, selves, helpers), isAsync: root.async === true, ...(base && { base }) };
  const touched = names.filter((name) => !isPureGlobal(name));
  if (touched.length > 0) return { ...shipped, pure: false, impurity: `it uses ${touched.join(", ")}` };
  if (imports.length > 0) return { ...shipped, pure: false, impurity: "it imports modules" };
  if (writesOutside) return { ...shipped, pure: false, impurity: "it assigns to what is outside of it" };
  if (mayChangeInput(root)) return { ...shipped, pure: false, impurity: "it may change its input" };
  if (seesAllOfConfig(root)) return { ...shipped, pure: false, impurity: "it sees the config of this thread" };
  return { ...shipped, pure: true };
}

/** The keys of the config with which a function does the same elsewhere. */
const TRAVELLING = /^(?:uses|signal|configurable|tags|metadata)$/;

/** Whether a function may read keys of its config that do not travel. */
function seesAllOfConfig({ params }: SyntaxNode): boolean {
  const [first, second] = params as SyntaxNode[];
  if (first?.type === "RestElement") return true;
  if (second === undefined) return false;
  if (second.type !== "ObjectPattern") return true;
  return (second.properties as SyntaxNode[]).some(
    ({ type, computed, key }) => type !== "Property" || computed === true || !TRAVELLING.test(key.name ?? key.value),
  );
}

/** The expression of a function with the names that it needs around it: its own, and those of helpers. It starts in line 1. */
function expressionOf(text: string, selves: readonly string[], helpers: readonly string[]): string {
  if (selves.length === 0 && helpers.length === 0) return text;
  const [self = "self", ...others] = selves;
  const names = others.map((other) => ` const ${other} = ${self};`).join("");
  const args = helpers.map(() => NAME_HELPER).join(", ");
  return `((${helpers.join(", ")}) => { const ${self} = (${text}\n);${names} return ${self}; })(${args})`;
}

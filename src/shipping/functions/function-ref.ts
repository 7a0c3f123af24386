import { runlaneError } from "../../core/errors/errors.ts";
import { StillLoading } from "../../core/still-loading.ts";
import type { Declaration } from "../../resources/declaration.ts";
import { type ShippedResource, shipDeclaration } from "../tree/ship-resource.ts";
import { type ShippedUses, shipUses } from "../tree/uses.ts";
import type { Captured, Shippable } from "./check-source.ts";
import { reader } from "./load-reader.ts";
import { moduleRefOf } from "./module-ref.ts";
import type { ImportBase } from "./package-imports.ts";
import type { SyntaxNode } from "./parse.ts";
import type { SourceLocation } from "./source-location.ts";

/** A function as plain data: where another thread finds it, or the source that makes it. */
export type FunctionRef =
  | {
      readonly from: "module";
      readonly url: string;
      readonly exportName: string;
      readonly uses?: ShippedUses | undefined;
    }
  | {
      readonly from: "source";
      /** An expression whose value is the function. */
      readonly source: string;
      readonly name: string;
      readonly uses: ShippedUses;
      /** The file from which the packages that it imports are looked for. */
      readonly base?: ImportBase;
    };

/** A variable that a function takes from the scopes around it. */
export interface CapturedVariable extends SourceLocation {
  readonly name: string;
}

export interface ShipOptions {
  /** The owner of the function, as error messages call it: `Step "score"`. */
  readonly where: string;
  /** The function's `config.uses`. */
  readonly uses?: Readonly<Record<string, unknown>> | undefined;
  /** Whether the other side shares memory with this one, as threads of one process do. @default true */
  readonly shared?: boolean | undefined;
}

/** Facts about a function that its source tells. */
export interface Inspection {
  /** Whether the function can run in another thread. */
  readonly shippable: boolean;
  /**
   * Whether the function does the same everywhere: it touches only pure globals (`Math`, `JSON`, `Date`) and leaves its input as it is.
   */
  readonly pure: boolean;
  readonly isAsync: boolean;
  /** The reason why the function is not shippable, or not pure. */
  readonly reason?: string;
}

/**
 * Makes a function ready to run in another thread: one that was marked by its module's address, all others by their source, if that
 * says everything about them.
 *
 * The source may use its own names, the globals that every thread has, and itself. It is run in strict mode. `import()` of `node:`,
 * `file:` and `data:` addresses works, and so does that of packages which its file finds; relative addresses, `import.meta` and CommonJS's
 * `require` belong to a module, and so are refused.
 *
 * @throws RUNLANE_CAPTURED_VARIABLE, with the variables as `error.variables`; RUNLANE_NOT_SHIPPABLE; RUNLANE_NOT_SERIALIZABLE when
 * something in `uses` cannot travel.
 */
// biome-ignore lint/complexity/noBannedTypes: functions of all types are shipped
export function shipFunction(func: Function, options: ShipOptions): FunctionRef {
  const { where, uses } = options;
  const module = moduleRefOf(func);
  if (module !== undefined) return uses === undefined ? module : { ...module, uses: shipUses(options, shipFunction) };
  const result = reader().checkFunction(func);
  if ("captured" in result) throw capturedError(func, result.captured, where, uses ?? {});
  if ("reason" in result) throw notShippable(func, result, where);
  const { source, base } = result;
  return { from: "source", source, name: nameOf(func), uses: shipUses(options, shipFunction), ...(base && { base }) };
}

/** Makes a version of a resource ready for other threads, as {@link shipFunction} does with resources in `uses`. @throws What that throws */
export function shipVersion(
  declaration: Declaration,
  options: { readonly where: string; readonly shared: boolean },
): ShippedResource {
  return shipDeclaration(declaration, options, shipFunction, shipUses);
}

/** Inspects a function for `auto`: may it be moved without being asked? @throws StillLoading, and nothing else */
// biome-ignore lint/complexity/noBannedTypes: functions of all types are inspected
export function inspectFunction(func: Function): Inspection {
  const isAsync = /^(?:Async|AsyncGenerator)Function$/.test(func.constructor?.name ?? "");
  try {
    if (moduleRefOf(func) !== undefined) return { shippable: true, pure: false, isAsync, reason: "it is in a module" };
    const result = reader().checkFunction(func);
    if ("captured" in result)
      return { shippable: false, pure: false, isAsync, reason: `it uses ${listOf(result.captured)}` };
    if ("reason" in result) return { shippable: false, pure: false, isAsync, reason: `it ${result.reason}` };
    return { shippable: true, ...pick(result) };
  } catch (error) {
    if (error instanceof StillLoading) throw error;
    return { shippable: false, pure: false, isAsync, reason: (error as Error).message };
  }
}

function pick({ pure, isAsync, impurity }: Shippable): Omit<Inspection, "shippable"> {
  return impurity === undefined ? { pure, isAsync } : { pure, isAsync, reason: impurity };
}

function listOf(captured: readonly Captured[]): string {
  return captured.map(({ name }) => name).join(", ");
}

function capturedError(func: object, captured: readonly Captured[], where: string, uses: object): Error {
  const locations = reader().locationsIn(
    func,
    captured.map(({ node }) => node),
  );
  const variables = captured.map(
    ({ name }, index): CapturedVariable => ({ name, ...(locations[index] as SourceLocation) }),
  );
  const list = captured.map(({ name, note }, index) => {
    const hint = Object.hasOwn(uses, name) ? `it is in \`uses\`, so read config.uses.${name} instead` : note;
    return `${name} (${located(locations[index] as SourceLocation)}${hint === undefined ? "" : `, ${hint}`})`;
  });
  const details = { where, func: called(func), variables: list.join(", ") };
  return Object.assign(runlaneError("RUNLANE_CAPTURED_VARIABLE", details), { variables });
}

function notShippable(
  func: object,
  { reason, node }: { reason: string; node?: SyntaxNode | undefined },
  where: string,
): Error {
  const [location] = node === undefined ? [] : reader().locationsIn(func, [node]);
  const details = {
    where,
    what: called(func),
    reason: location === undefined ? reason : `${reason} (${located(location)})`,
  };
  return Object.assign(runlaneError("RUNLANE_NOT_SHIPPABLE", details), location);
}

function located({ line, file }: SourceLocation): string {
  return file ?? `line ${line} of the function`;
}

function called(func: object): string {
  const name = nameOf(func);
  return name === "" ? "its function" : `its function ${name}`;
}

/** A function's name, which its author may have replaced by anything. */
function nameOf(func: object): string {
  const { name } = func as { name?: unknown };
  return typeof name === "string" ? name : "";
}

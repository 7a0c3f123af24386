import type { Session } from "node:inspector";
import { builtinModule } from "../../core/platform.ts";

/** A function's surroundings as the engine knows them: its source does not say. */
export interface Closure {
  /** The names, of those asked about, that the scopes around the function declare, globals that they shadow included. */
  readonly declared: ReadonlySet<string>;
  /** The declared names that stand for the function itself. */
  readonly itself: ReadonlySet<string>;
}

/** The place where a function starts. */
export interface FunctionStart {
  /** The URL of the file. */
  readonly url: string;
  /** The line of its parameters, counted from 1, and their column, counted from 0. */
  readonly line: number;
  readonly column: number;
}

/**
 * Asks the engine which of some names the scopes around a function declare: whether its `fetch` is the global one, say, cannot be seen
 * in its source. It takes half a millisecond.
 *
 * @returns undefined where there is no inspector (it may be compiled out, or denied by Node's permission model)
 */
export function inspectClosure(func: object, names: readonly string[]): Closure | undefined {
  return inspect(func, ({ call, children, internal }, id) => {
    const declared = new Set<string>();
    const itself = new Set<string>();
    const scopes = internal(id, "[[Scopes]]")?.objectId;
    if (scopes === undefined) return undefined;
    for (const { description, objectId } of children(scopes)) {
      if (objectId === undefined || description === "Global") continue;
      const found = call(objectId, LOOK_UP, [{ value: names }, { objectId: id }]) as [string[], string[]] | null;
      if (found === null) return undefined;
      const [inScope, self] = found;
      // The first scope that declares a name is the one that counts.
      for (const name of self) if (!declared.has(name)) itself.add(name);
      for (const name of inScope) declared.add(name);
    }
    return { declared, itself };
  });
}

/** Source that runs in a scope of the function, and finds which of the names it has and which of those are the function itself. */
const LOOK_UP = `function (names, self) {
  const scope = this.object;
  if (typeof scope !== "object" || scope === null) return null;
  const declared = names.filter((name) => Object.hasOwn(scope, name));
  return [declared, declared.filter((name) => scope[name] === self)];
}`;

/** The values that variables around a function have now, of those that its scopes declare; undefined where there is no inspector. */
export function closureValues(func: object, names: readonly string[]): Map<string, unknown> | undefined {
  const values = new Map<string, unknown>();
  const holder = globalThis as { [TAKEN]?: Map<string, unknown> };
  holder[TAKEN] = values;
  try {
    return inspect(func, ({ call, children, internal }, id) => {
      const scopes = internal(id, "[[Scopes]]")?.objectId;
      if (scopes === undefined) return undefined;
      for (const { description, objectId } of children(scopes))
        if (objectId !== undefined && description !== "Global") call(objectId, TAKE, [{ value: names }]);
      return values;
    });
  } finally {
    delete holder[TAKEN];
  }
}

const TAKEN = Symbol.for("runlane.taken");

/** Source that runs in a scope of the function, and takes the values of names that no scope nearer to the function has. */
const TAKE = `function (names) {
  const scope = this.object;
  const taken = globalThis[Symbol.for("runlane.taken")];
  if (typeof scope !== "object" || scope === null) return;
  for (const name of names) if (!taken.has(name) && Object.hasOwn(scope, name)) taken.set(name, scope[name]);
}`;

/**
 * The place of a function in the file that the program runs. The first question about a module takes 50 ms in a program of 500 modules,
 * any other half a millisecond.
 */
export function startOf(func: object): FunctionStart | undefined {
  return inspect(func, ({ internal, urlOf }, id) => {
    const location = internal(id, "[[FunctionLocation]]")?.value as Location | undefined;
    const url = location && urlOf(location.scriptId);
    return url ? { url, line: location.lineNumber + 1, column: location.columnNumber } : undefined;
  });
}

interface Location {
  readonly scriptId: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

interface RemoteValue {
  readonly objectId?: string;
  readonly description?: string;
  readonly value?: unknown;
}

interface Remote {
  /** Calls a function, given as its source, on an object. */
  call(objectId: string, source: string, args: readonly RemoteValue[]): unknown;
  children(objectId: string): RemoteValue[];
  /** An internal slot of an object. */
  internal(objectId: string, name: string): RemoteValue | undefined;
  urlOf(scriptId: string): string | undefined;
}

/** The key under which the inspector finds the object that it is asked about. */
const SUBJECT = Symbol.for("runlane.inspected");

/** The URLs of scripts by their ids, which stay. The engine goes through all that it has loaded to tell any of them. */
const urls = new Map<string, string>();

/** Opens a session of the inspector on this thread, in which every call is answered at once. */
function inspect<T>(subject: object, look: (remote: Remote, id: string) => T | undefined): T | undefined {
  const holder = globalThis as { [SUBJECT]?: object };
  let session: Session | undefined;
  try {
    session = new (builtinModule("node:inspector")!.Session)();
    session.connect();
    const remote = remoteOf(session);
    holder[SUBJECT] = subject;
    const found = remote.evaluate(`globalThis[Symbol.for("${SUBJECT.description}")]`);
    return found === undefined ? undefined : look(remote, found);
  } catch {
    return undefined;
  } finally {
    delete holder[SUBJECT];
    session?.disconnect();
  }
}

function remoteOf(session: Session): Remote & { evaluate(expression: string): string | undefined } {
  // biome-ignore lint/suspicious/noExplicitAny: each method of the protocol has an answer of its own
  function post(method: string, params: object = {}): any {
    let answer: unknown;
    session.post(method, params, (error, result) => {
      if (error === null) answer = result;
    });
    return answer;
  }
  return {
    evaluate: (expression) => post("Runtime.evaluate", { expression }).result.objectId,
    call: (objectId, functionDeclaration, args) =>
      post("Runtime.callFunctionOn", { objectId, functionDeclaration, arguments: args, returnByValue: true }).result
        .value,
    children: (objectId) =>
      post("Runtime.getProperties", { objectId, ownProperties: true }).result.map(
        (one: { value: unknown }) => one.value,
      ),
    internal: (objectId, name) =>
      post("Runtime.getProperties", { objectId, ownProperties: true }).internalProperties.find(
        (one: { name: string }) => one.name === name,
      )?.value,
    urlOf(scriptId) {
      if (urls.has(scriptId)) return urls.get(scriptId);
      session.on("Debugger.scriptParsed", ({ params }) => {
        if (params.url !== "") urls.set(params.scriptId, params.url);
      });
      post("Debugger.enable");
      post("Debugger.disable");
      return urls.get(scriptId);
    },
  };
}

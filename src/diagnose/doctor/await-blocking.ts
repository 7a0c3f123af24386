import { promisify } from "node:util";
import { closureValues } from "../../shipping/functions/closure.ts";
import { parseExpression } from "../../shipping/functions/parse.ts";
import { type Awaited, awaitedForm, blockingCallsIn } from "./awaited.ts";

type Func = (...args: never[]) => unknown;

/**
 * A function again, from its source, with its blocking calls awaited in their asynchronous forms: what a user would write.
 *
 * @param calls The blocking calls that it has made.
 * @param captured The variables that it takes from around it: they have the values that they have now.
 * @returns undefined when not all of these calls can be made so.
 */
export function awaitBlocking(func: Func, calls: readonly string[], captured: readonly string[]): Func | undefined {
  const source = Function.prototype.toString.call(func);
  const root = parseExpression(source);
  const forms = new Map(calls.map((call) => [call, awaitedForm(call)]));
  if (root === undefined || root.generator === true || [...forms.values()].includes(undefined)) return undefined;
  const found = blockingCallsIn(root, calls);
  if (new Set(found.map(({ call }) => call)).size < calls.length) return undefined;
  const values = captured.length === 0 ? new Map<string, unknown>() : closureValues(func, captured);
  if (values === undefined) return undefined;
  // From the end on, so that what stands before keeps its place; offsets are those in the parenthesis that was parsed.
  let text = source;
  for (const { node, call } of found.toReversed()) {
    const { callee, end } = node;
    const form = `awaited[${JSON.stringify(call)}]`;
    text = `${text.slice(0, node.start - 1)}(await ${form}${text.slice(callee.end - 1, end - 1)})${text.slice(end - 1)}`;
  }
  if (root.async !== true) text = `async ${text}`;
  const awaited = Object.fromEntries([...forms].map(([call, form]) => [call, functionOf(form as Awaited)]));
  try {
    const names = ["__name", "awaited", ...values.keys()];
    return new Function(...names, `return (${text})`)((target: unknown) => target, awaited, ...values.values()) as Func;
  } catch {
    return undefined;
  }
}

function functionOf({ name, from, promisified }: Awaited): unknown {
  const func = (process.getBuiltinModule(from) as unknown as Record<string, Func>)[name]!;
  return promisified ? promisify(func as never) : func;
}

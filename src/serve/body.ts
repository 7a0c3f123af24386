import type { ParseError } from "jsonc-parser";
import { invalidBody, Refusal } from "./refusal.ts";
import type { Exchange } from "./transport/exchange.ts";

/** The number of levels of objects and arrays that a body may have: later readers go through it by recursion. */
const MAX_DEPTH = 500;

/**
 * The body of a request, an object of JSON.
 *
 * @throws Refusal 413 (too large), 415 (not JSON by its content type), 400 (not UTF-8, not JSON: with the place; too deep), 422 (not an
 * object).
 */
export async function readJson(exchange: Exchange, limit: number): Promise<Record<string, unknown>> {
  const type = exchange.header("content-type");
  if (type !== undefined && !/^application\/(?:[\w.-]+\+)?json\b/i.test(type)) {
    throw new Refusal(415, `The body has to be application/json; it is ${type.slice(0, 100)}.`);
  }
  const text = await exchange.text(limit);
  if (isDeeperThan(MAX_DEPTH, text)) throw new Refusal(400, `The body is nested deeper than ${MAX_DEPTH} levels.`);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Refusal(400, `The body is not JSON: ${await placeOfError(text)}.`);
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw invalidBody([{ type: "dict_type", loc: ["body"], msg: "Input should be an object" }]);
  }
  return body as Record<string, unknown>;
}

/** The place of an error in JSON. Node's own errors tell it only sometimes. */
async function placeOfError(text: string): Promise<string> {
  const { parseTree, printParseErrorCode } = await import("jsonc-parser");
  const errors: ParseError[] = [];
  parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
  const [first] = errors;
  if (first === undefined) return "it does not parse";
  const before = text.slice(0, first.offset).split("\n");
  return `${printParseErrorCode(first.error)} in line ${before.length}, column ${before.at(-1)!.length + 1}`;
}

/** Whether a JSON text has more levels, by the brackets outside of strings. A text with few of them is not looked at closely. */
function isDeeperThan(levels: number, text: string): boolean {
  if (text.length <= levels) return false;
  let open = 0;
  for (let index = text.indexOf("["); index !== -1 && open <= levels; index = text.indexOf("[", index + 1)) open++;
  for (let index = text.indexOf("{"); index !== -1 && open <= levels; index = text.indexOf("{", index + 1)) open++;
  if (open <= levels) return false;
  let depth = 0;
  let isString = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (isString) {
      if (code === 92) index++;
      else if (code === 34) isString = false;
    } else if (code === 34) isString = true;
    else if (code === 91 || code === 123) {
      if (++depth > levels) return true;
    } else if (code === 93 || code === 125) depth--;
  }
  return false;
}

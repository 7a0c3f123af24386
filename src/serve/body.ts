import type { ParseError } from "jsonc-parser";
import { invalidBody, Refusal } from "./refusal.ts";
import type { Exchange } from "./transport/exchange.ts";

/** The number of levels of objects and arrays that a body may have: later readers go through it by recursion. */
const MAX_DEPTH = 500;

/** A body: an object of JSON. */
export type Body = Readonly<Record<string, unknown>>;

/**
 * The body of a request, at once where it is there.
 *
 * @throws Refusal, or rejects with one: 413 (too large), 415 (not JSON by its content type, or compressed), 400 (not UTF-8, not JSON: with the place; too deep), 422 (not an
 * object).
 */
export function readJson(exchange: Exchange, limit: number): Body | Promise<Body> {
  checkType(exchange);
  const text = exchange.text(limit);
  return typeof text === "string" ? parsed(text) : text.then(parsed);
}

const JSON_TYPE = "application/json";

/** @throws Refusal 415 */
function checkType(exchange: Exchange): void {
  const type = exchange.header("content-type");
  const encoding = exchange.header("content-encoding");
  if (encoding !== undefined && encoding !== "identity") {
    const detail = `The body has to be sent as it is; it is encoded as ${encoding.slice(0, 100)}.`;
    throw new Refusal(415, detail, { "accept-encoding": "identity" });
  }
  if (type === JSON_TYPE) return;
  // A page may send a body without a type to any server, without asking whether it may.
  if (type === undefined ? exchange.header("origin") === undefined : /^application\/(?:[\w.-]+\+)?json\b/i.test(type))
    return;
  throw new Refusal(415, `The body has to be ${JSON_TYPE}; it is ${type?.slice(0, 100) ?? "of no type"}.`);
}

function parsed(text: string): Body | Promise<Body> {
  if (isDeeperThan(MAX_DEPTH, text)) throw new Refusal(400, `The body is nested deeper than ${MAX_DEPTH} levels.`);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return refuseJson(text);
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw invalidBody([{ type: "dict_type", loc: ["body"], msg: "Input should be an object" }]);
  }
  return body as Body;
}

async function refuseJson(text: string): Promise<never> {
  if (text.trim() === "") throw new Refusal(400, "The body is empty; it has to be an object of JSON.");
  throw new Refusal(400, `The body is not JSON: ${await placeOfError(text)}.`);
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

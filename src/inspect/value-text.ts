import { inspect } from "node:util";

/** Longer texts are cut. */
const MOST = 600;
/** More than this of a string is not even looked at. */
const MOST_STRING = 2000;

/** A value as a short text, whatever it is: made so that a large value costs no more than a small one. */
export function valueText(value: unknown): string {
  const text =
    typeof value === "string"
      ? value.slice(0, MOST_STRING)
      : inspect(value, {
          depth: 3,
          maxArrayLength: 10,
          maxStringLength: 200,
          breakLength: 100,
          // Getters and proxies are other people's code.
          getters: false,
          customInspect: false,
        });
  return text.length <= MOST ? text : `${text.slice(0, MOST)}…`;
}

/** An error in one line. */
export function errorText(error: unknown): string {
  const { name, message } = error instanceof Error ? error : { name: "", message: valueText(error) };
  const text = `${name}${name && message ? ": " : ""}${message}`.replace(/\s+/g, " ");
  return text.length <= MOST ? text : `${text.slice(0, MOST)}…`;
}

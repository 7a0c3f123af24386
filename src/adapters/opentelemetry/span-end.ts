import type { Span } from "@opentelemetry/api";
import { RunlaneError } from "../../core/errors/errors.ts";
import type { Api } from "./api.ts";
import { ATTRIBUTE } from "./names.ts";

/** The `error.type` of an error: its code where there is one, as codes stay and messages do not. */
export function errorType(error: unknown): string {
  if (error instanceof RunlaneError) return error.code;
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  if (typeof code === "string" && code !== "") return code;
  return typeof name === "string" && name !== "" ? name : "_OTHER";
}

/** Ends the span of a run that has failed. */
export function endFailed({ SpanStatusCode }: Api, span: Span, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
  span.setAttribute(ATTRIBUTE.error, errorType(error));
  span.end();
}

import { describe, runlaneError } from "../../core/errors/errors.ts";
import { missingPackage } from "../../core/optional-package.ts";
import { fieldOf } from "../../core/own.ts";

/** One of LangChain's messages, told by its shape: there may be several copies of the class. */
export interface Message {
  readonly content: unknown;
  getType?(): string;
  _getType?(): string;
}

function isMessage(value: unknown): value is Message {
  if (typeof value !== "object" || value === null) return false;
  return typeof (value as Message)._getType === "function" || typeof (value as Message).getType === "function";
}

/** The user's messages in an input. @throws RUNLANE_INVALID_MESSAGES, RUNLANE_MISSING_PACKAGE */
export async function inputMessages(input: unknown, key: string | undefined): Promise<Message[]> {
  let value = within(input, key, "input");
  if (Array.isArray(value) && Array.isArray(value[0])) value = value[0];
  if (typeof value === "string") return [new (await classes()).HumanMessage(value)];
  return messagesIn(value, "The input of a conversation");
}

/** The answer's messages in an output. @throws RUNLANE_INVALID_MESSAGES, RUNLANE_MISSING_PACKAGE */
export async function outputMessages(output: unknown, key: string | undefined): Promise<Message[]> {
  const generated = (output as { generations?: { message?: unknown }[][] } | null)?.generations?.[0]?.[0]?.message;
  const value = generated ?? within(output, key, "output");
  if (typeof value === "string") return [new (await classes()).AIMessage(value)];
  return messagesIn(value, "The output of a conversation");
}

/** The value of an object under `key`; without one, under its only key or, if it has several, under the usual one. */
function within(value: unknown, key: string | undefined, usual: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value) || isMessage(value)) return value;
  const keys = Object.keys(value);
  return fieldOf(value, key ?? (keys.length === 1 ? (keys[0] as string) : usual));
}

function messagesIn(value: unknown, where: string): Message[] {
  if (isMessage(value)) return [value];
  if (Array.isArray(value) && value.every(isMessage)) return value;
  throw runlaneError("RUNLANE_INVALID_MESSAGES", { where, received: describe(value) });
}

/** Messages are made of text by LangChain's classes, which models and histories expect. */
function classes() {
  return import("@langchain/core/messages").catch(missingPackage("Making a message of a text", "@langchain/core"));
}

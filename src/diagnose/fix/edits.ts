import type { SyntaxNode } from "../../shipping/functions/parse.ts";
import { methodOf } from "../../shipping/functions/walk-syntax.ts";
import { awaitCalls } from "./await-calls.ts";
import { type Change, Refusal } from "./change.ts";
import { onePerList } from "./one-per-list.ts";
import { callMethod, propertyOf, removeProperty, setOptions, setProperty } from "./options.ts";
import { methodCall, type Site } from "./site.ts";
import { takeFromConfig } from "./take-from-config.ts";

/** Makes a change of one step in its source. @throws Refusal when it cannot be made there */
export function edit(site: Site, change: Exclude<Change, { kind: "oneAssign" | "warm" }>): void {
  if (change.kind === "thread") toThread(site, change.uses);
  else if (change.kind === "await") awaitCalls(site, change.calls);
  else if (change.kind === "method") callMethod(site, change.code);
  else if (change.kind === "retryIf") retryIf(site, change.condition);
  else if (change.kind === "batched") onePerList(site);
  else if (change.kind === "batchSize") batchSize(site, change.size);
  else noLane(site);
}

function toThread(site: Site, uses: readonly string[]): void {
  if (uses.length === 0) {
    setOptions(site, { lane: '"thread"' });
    return;
  }
  takeFromConfig(site, uses);
  setOptions(site, { lane: '"thread"', uses: `{ ${uses.join(", ")} }` });
}

function retryIf(site: Site, condition: string): void {
  const call = methodCall(site, "withRetry");
  if (call === undefined) throw new Refusal("its withRetry is not written where the step is made");
  const error = site.source.isTypeScript ? "(error: any)" : "(error)";
  const text = `${error} => ${condition}`;
  const [given] = call.arguments as SyntaxNode[];
  if (given === undefined) site.source.edits.appendLeft(call.end - 1, `{ retryIf: ${text} }`);
  else if (given.type === "ObjectExpression") setProperty(site, given, "retryIf", text);
  else throw new Refusal("the options of its withRetry are not written where the step is made");
}

function batchSize(site: Site, size: number): void {
  if (site.call === undefined || methodOf(site.call)?.method !== "batched")
    throw new Refusal("its RunnableLambda.batched is not written around its function");
  setOptions(site, { maxBatchSize: String(size) });
}

function noLane(site: Site): void {
  const { source, call } = site;
  const withLane = methodCall(site, "withLane");
  if (withLane !== undefined) {
    source.edits.remove(withLane.callee.object.end, withLane.end);
    return;
  }
  const options = call?.arguments[1] as SyntaxNode | undefined;
  const isWritten = options?.type === "ObjectExpression" && propertyOf(options, "lane") !== undefined;
  if (!isWritten || !removeProperty(site, options, "lane"))
    throw new Refusal("its lane is not written where the step is made");
}

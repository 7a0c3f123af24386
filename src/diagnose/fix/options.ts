import type { SyntaxNode } from "../../shipping/functions/parse.ts";
import { Refusal } from "./change.ts";
import type { Site } from "./site.ts";

/** Puts options into the call that makes a step; where there is none, one is written around the function. */
export function setOptions(site: Site, options: Readonly<Record<string, string>>): void {
  const { source, call, place } = site;
  if (call === undefined) {
    wrap(site, `, ${objectText(options)}`, "");
    return;
  }
  const [, given] = call.arguments as SyntaxNode[];
  if (given === undefined) {
    source.edits.appendLeft(place.end, `, ${objectText(options)}`);
    return;
  }
  const object = source.innermost(given);
  if (object.type !== "ObjectExpression") throw new Refusal("its options are not written where it is made");
  for (const [name, value] of Object.entries(options)) setProperty(site, object, name, value);
}

/** Sets a property of an object that is written out. */
export function setProperty({ source }: Site, object: SyntaxNode, name: string, value: string): void {
  const properties = object.properties as SyntaxNode[];
  const known = propertyOf(object, name);
  const last = properties.at(-1);
  if (known !== undefined) source.edits.overwrite(known.value.start, known.value.end, value);
  else if (last === undefined) source.edits.overwrite(object.start, object.end, `{ ${name}: ${value} }`);
  else source.edits.appendLeft(last.end, `, ${name}: ${value}`);
}

export function propertyOf(object: SyntaxNode, name: string): SyntaxNode | undefined {
  return (object.properties as SyntaxNode[]).find(
    ({ type, key }) => type === "Property" && (key.name ?? key.value) === name,
  );
}

/** Removes a property, with the comma that belongs to it. */
export function removeProperty({ source }: Site, object: SyntaxNode, name: string): boolean {
  const properties = object.properties as SyntaxNode[];
  const at = properties.findIndex(({ type, key }) => type === "Property" && (key.name ?? key.value) === name);
  const property = properties[at];
  if (property === undefined) return false;
  const [before, after] = [properties[at - 1], properties[at + 1]];
  if (after !== undefined) source.edits.remove(property.start, after.start);
  else if (before !== undefined) source.edits.remove(before.end, property.end);
  else source.edits.overwrite(object.start, object.end, "{}");
  return true;
}

/** Calls a method on the step. */
export function callMethod(site: Site, code: string): void {
  if (site.call === undefined) wrap(site, "", code);
  else site.source.edits.appendLeft(site.source.outermost(site.call).end, code);
}

/** Makes a step of a function that stands where one is expected: `RunnableLambda.from(place<inside>)<after>`. */
export function wrap({ source, place }: Site, inside: string, after: string, maker = "from"): void {
  const parent = source.parentOf(place);
  const isShorthand = parent?.type === "Property" && parent.shorthand === true;
  source.edits.appendLeft(place.start, `${isShorthand ? `${source.textOf(place)}: ` : ""}RunnableLambda.${maker}(`);
  source.edits.appendRight(place.end, `${inside})${after}`);
  source.addImport("RunnableLambda", "runlane");
}

function objectText(options: Readonly<Record<string, string>>): string {
  const entries = Object.entries(options).map(([name, value]) => `${name}: ${value}`);
  return `{ ${entries.join(", ")} }`;
}

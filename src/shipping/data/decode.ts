import { setOwn } from "../../core/own.ts";
import { fillError, makeError } from "./error-parts.ts";
import type { ClassEntry, Entry, Envelope, ErrorEntry, ViewEntry } from "./format.ts";
import { fillCollection } from "./format.ts";
import { platformCodec } from "./platform-classes.ts";
import { classOfName } from "./registered-classes.ts";

/** Makes the value of an envelope. @throws RUNLANE_UNKNOWN_CLASS, and what `deserialize` throws. */
export function decode(envelope: Envelope): unknown {
  for (const object of envelope.bare) Object.setPrototypeOf(object, null);
  // First what exists before its fields do: so objects can point at each other.
  const standIns = new Map<unknown, ClassEntry>();
  const made = envelope.entries.map((entry) => {
    const object = begin(entry);
    if (object !== undefined) fillHoles(entry, object);
    else if (entry.kind === "class" && entry.cyclic) standIns.set(standIn(entry), entry);
    return object;
  });
  for (const step of envelope.order) {
    if (typeof step === "number") made[step] = finish(envelope.entries[step] as Entry, made[step]);
    else fillCollection(step);
  }
  if (standIns.size === 0) return envelope.root;
  const finals = new Map<unknown, unknown>();
  for (const [object, entry] of standIns) finals.set(object, made[envelope.entries.indexOf(entry)]);
  return replaceAll(envelope.root, finals);
}

function fillHoles({ at }: Entry, object: unknown): void {
  for (let index = 0; index < at.length; index += 2) setOwn(at[index] as object, at[index + 1] as PropertyKey, object);
}

/** The object of an entry if it can be made without its data. */
function begin(entry: Entry): object | undefined {
  if (entry.kind === "error") return makeError(entry);
  if (entry.kind === "view") return makeView(entry);
  if (entry.platform) return undefined;
  const { prototype, deserialize } = classOfName(entry.name);
  if (deserialize !== undefined) return undefined;
  return Object.create(prototype) as object;
}

function finish(entry: Entry, begun: object | undefined): object {
  if (entry.kind === "error") fillError(begun as Error, entry as ErrorEntry);
  else if (entry.kind === "class") {
    if (begun === undefined) return deserialized(entry);
    for (const [key, value] of Object.entries(entry.data as object)) restore(begun, key, value);
    const { symbols = [] } = entry;
    for (let index = 0; index < symbols.length; index += 2)
      restore(begun, Symbol.for(symbols[index] as string), symbols[index + 1]);
  }
  return begun as object;
}

function deserialized(entry: ClassEntry): object {
  const deserialize = entry.platform ? platformCodec(entry.name) : classOfName(entry.name).deserialize;
  const object = deserialize?.(entry.data) as object;
  fillHoles(entry, object);
  return object;
}

/** Sets a field as it was: no setter of a class is called. */
function restore(object: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
}

function makeView({ name, buffer, offset, length }: ViewEntry): ArrayBufferView {
  if (name === "Buffer") return Buffer.from(buffer as ArrayBuffer, offset, length);
  const View = (globalThis as unknown as Record<string, Uint8ArrayConstructor>)[name] as Uint8ArrayConstructor;
  return new View(buffer as ArrayBuffer, offset, length);
}

/** An object that is still being made, for data that leads back to it. */
function standIn(entry: ClassEntry): object {
  const object = Object.create(classOfName(entry.name).prototype) as object;
  fillHoles(entry, object);
  return object;
}

/** Replaces stand-ins by the objects that were made for them, wherever fields can be reached. */
function replaceAll(root: unknown, finals: ReadonlyMap<unknown, unknown>): unknown {
  const final = (value: unknown) => (finals.has(value) ? finals.get(value) : value);
  const seen = new Set<unknown>();
  const rest = [final(root)];
  while (rest.length > 0) {
    const value = rest.pop();
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || seen.has(value)) continue;
    seen.add(value);
    if (value instanceof Map) {
      const content = [...value].flatMap(([key, item]) => [final(key), final(item)]);
      value.clear();
      fillCollection({ target: value, content });
      rest.push(...content);
    } else if (value instanceof Set) {
      const content = [...value].map(final);
      value.clear();
      fillCollection({ target: value, content });
      rest.push(...content);
    }
    for (const key of Reflect.ownKeys(value)) {
      const descriptor = Reflect.getOwnPropertyDescriptor(value, key) as PropertyDescriptor;
      if (!("value" in descriptor)) continue;
      const now = final(descriptor.value);
      if (now !== descriptor.value) Reflect.defineProperty(value, key, { ...descriptor, value: now });
      rest.push(now);
    }
  }
  return final(root);
}

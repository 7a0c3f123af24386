import { describe, type RunlaneError, runlaneError } from "../core/errors.ts";
import {
  type ClassEntry,
  type Entry,
  type Envelope,
  type ErrorEntry,
  type Filling,
  PACKED,
  type PackOptions,
  put,
  type ViewEntry,
} from "./data-format.ts";
import { nodeTypes, survives } from "./data-node.ts";
import { formatPath, mapKey, type PathKey } from "./data-path.ts";
import { isMarked, takeMark } from "./data-transfer.ts";
import { errorParts, isError } from "./errors.ts";
import { type PlatformClass, platformClass } from "./platform-classes.ts";
import { type RegisteredClass, registeredClass } from "./registered-classes.ts";

/** What a typed array is inside, whatever its class says; undefined for a DataView. */
const TAG = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)
  ?.get as () => unknown;

/** What moves to another thread, but only if asked. */
const MOVABLE = new Set(["MessagePort", "ReadableStream", "WritableStream", "TransformStream"]);

/** What stands for a value inside an error that cannot travel: errors arrive without it. */
const LEFT_OUT = Symbol("left out");

/** The views of one buffer in a message. */
interface BufferUse {
  readonly views: { readonly entry: ViewEntry; readonly end: number }[];
  /** Whether all of it is sent: it is in the value itself, or moves. */
  whole: boolean;
}

/** Copies one value into the form that keeps everything. It copies every container, so it is used only where something needs it. */
export class Encoder {
  readonly #envelope: Envelope = { [PACKED]: 1, root: undefined, entries: [], order: [], bare: [] };
  /** What became of objects: their copies, or the entries that stand for them. */
  readonly #seen = new Map<object, object>();
  /** The entries, and their places among them. */
  readonly #entries = new Map<object, number>();
  readonly #open = new Set<Entry>();
  readonly #buffers = new Map<ArrayBuffer, BufferUse>();
  readonly #moved = new Set<object>();
  readonly #path: PathKey[] = [];
  readonly #where: string;
  readonly #shared: boolean;
  readonly #root: string;
  readonly #bareErrors: boolean;
  readonly #types = nodeTypes();
  /** How many errors are around the current value. */
  #inErrors: number;
  #moving = 0;

  /** @param lenience Whether what cannot travel is left out instead of refused, or errors travel without any fields at all. */
  constructor(where: string, { shared = true, root = "input" }: PackOptions, lenience?: "lenient" | "bare") {
    this.#where = where;
    this.#shared = shared;
    this.#root = root;
    this.#inErrors = lenience === undefined ? 0 : 1;
    this.#bareErrors = lenience === "bare";
  }

  /** @throws RUNLANE_NOT_SERIALIZABLE */
  encode(value: unknown): { value: Envelope; transfer: readonly object[] } {
    this.#envelope.root = LEFT_OUT;
    try {
      this.#place(this.#envelope, "root", value);
    } catch (error) {
      if (error instanceof RangeError && /call stack/i.test(error.message))
        throw this.#refusal(`${this.#root}${this.#path.length > 0 ? ", somewhere inside," : ""}`, "nested too deeply");
      throw error;
    }
    if (this.#envelope.root === LEFT_OUT) this.#envelope.root = textOf(value);
    this.#cutBuffers();
    return { value: this.#envelope, transfer: [...this.#moved] };
  }

  /** Puts a value into a container, or leaves a hole for an entry. Says whether there is a hole. */
  #place(container: object, key: PropertyKey, value: unknown): boolean {
    const encoded = this.#encode(value);
    if (encoded === LEFT_OUT) return false;
    if (this.#isEntry(encoded)) {
      put(container, key, undefined);
      encoded.at.push(container, key);
      if (encoded.kind === "class" && this.#open.has(encoded)) encoded.cyclic = true;
      return true;
    }
    put(container, key, encoded);
    return false;
  }

  #isEntry(encoded: unknown): encoded is Entry {
    return typeof encoded === "object" && encoded !== null && this.#entries.has(encoded);
  }

  #encode(value: unknown): unknown {
    if (typeof value === "function" || typeof value === "symbol") return this.#refuse(describeValue(value));
    if (typeof value !== "object" || value === null) return value;
    const seen = this.#seen.get(value);
    if (seen !== undefined) return seen;
    if (this.#types.isProxy(value)) return this.#refuse("a Proxy");
    if (!isMarked(value)) return this.#object(value);
    return this.#marked(value);
  }

  #marked(value: object): unknown {
    const list = takeMark(value);
    if (!this.#shared) return this.#object(value);
    if (list !== undefined) {
      for (const moved of list) {
        if (this.#types.isArrayBuffer(moved)) this.#move(moved);
        else this.#moved.add(moved);
      }
      return this.#object(value);
    }
    this.#moving++;
    try {
      return this.#object(value);
    } finally {
      this.#moving--;
    }
  }

  #object(value: object): unknown {
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype === Object.prototype && !this.#types.isArgumentsObject(value)) return this.#record(value);
    if (prototype === Array.prototype) return this.#array(value as unknown[]);
    const types = this.#types;
    const error = isError(value, types.isNativeError);
    if (prototype === null && !error) {
      const copy = this.#record(value);
      // A module's namespace has none either.
      if (typeof copy === "object") this.#envelope.bare.push(copy);
      return copy;
    }
    const registered = registeredClass(prototype);
    if (error && registered?.serialize === undefined) return this.#error(value, registered?.name);
    if (registered !== undefined) return this.#instance(value, registered, false);
    if (Array.isArray(value)) return this.#array(value);
    if (types.isMap(value)) return this.#map(value);
    if (types.isSet(value)) return this.#set(value);
    if (types.isDate(value) || types.isRegExp(value)) return this.#same(value);
    if (types.isBoxedPrimitive(value))
      return types.isSymbolObject(value) ? this.#refuse("a symbol") : this.#same(value);
    if (types.isAnyArrayBuffer(value)) return this.#buffer(value);
    if (ArrayBuffer.isView(value)) return this.#view(value);
    if (this.#moved.has(value)) return this.#same(value);
    const platform = platformClass(prototype as object, this.#shared);
    if (platform !== undefined) return this.#platform(value, platform);
    return this.#foreign(value);
  }

  #same(value: object): object {
    this.#seen.set(value, value);
    return value;
  }

  #record(value: object): object | typeof LEFT_OUT {
    if (this.#types.isModuleNamespaceObject(value)) return this.#refuse("a module");
    const copy = {};
    this.#seen.set(value, copy);
    this.#fields(value, copy, Object.keys(value));
    return copy;
  }

  #array(value: unknown[]): object {
    const copy: unknown[] = new Array(value.length);
    this.#seen.set(value, copy);
    this.#fields(value, copy, Object.keys(value));
    return copy;
  }

  #fields(value: object, copy: object, keys: readonly string[]): void {
    for (const key of keys) {
      this.#path.push(key);
      const field = this.#read(value, key);
      if (field !== LEFT_OUT) this.#place(copy, key, field);
      this.#path.pop();
    }
  }

  #read(value: object, key: string): unknown {
    try {
      return (value as Record<string, unknown>)[key];
    } catch (cause) {
      return this.#refuse("a getter that throws", cause);
    }
  }

  #map(value: Map<unknown, unknown>): object {
    const copy = new Map<unknown, unknown>();
    this.#seen.set(value, copy);
    const content: unknown[] = [];
    let holes = false;
    let position = 0;
    for (const [key, item] of value) {
      this.#path.push({ call: `.keys()[${position++}]` });
      const at = content.length;
      if (this.#place(content, at, key)) holes = true;
      this.#path[this.#path.length - 1] = mapKey(key);
      if (this.#place(content, at + 1, item)) holes = true;
      this.#path.pop();
      if (content.length > at && content.length < at + 2) content.length = at + 2;
    }
    this.#fill({ target: copy, content }, holes);
    return copy;
  }

  #set(value: Set<unknown>): object {
    const copy = new Set<unknown>();
    this.#seen.set(value, copy);
    const content: unknown[] = [];
    let holes = false;
    let position = 0;
    for (const item of value) {
      this.#path.push({ call: `.values()[${position++}]` });
      if (this.#place(content, content.length, item)) holes = true;
      this.#path.pop();
    }
    this.#fill({ target: copy, content }, holes);
    return copy;
  }

  #fill(filling: Filling, holes: boolean): void {
    if (holes) this.#envelope.order.push(filling);
    else fillCollection(filling);
  }

  #entry<T extends Entry>(value: object, entry: T): T {
    this.#entries.set(entry, this.#envelope.entries.push(entry) - 1);
    this.#seen.set(value, entry);
    this.#open.add(entry);
    return entry;
  }

  #close(entry: Entry): void {
    this.#open.delete(entry);
    this.#envelope.order.push(this.#entries.get(entry) as number);
  }

  #instance(value: object, { name, serialize }: Pick<RegisteredClass, "name" | "serialize">, platform: boolean): Entry {
    const entry = this.#entry<ClassEntry>(value, { kind: "class", name, platform, at: [] });
    if (serialize !== undefined) this.#place(entry, "data", serialize(value));
    else {
      entry.data = {};
      this.#fields(value, entry.data as object, Object.keys(value));
      this.#symbols(value, entry);
    }
    this.#close(entry);
    return entry;
  }

  #symbols(value: object, entry: ClassEntry): void {
    for (const symbol of Object.getOwnPropertySymbols(value)) {
      const name = Symbol.keyFor(symbol);
      if (name === undefined || !Object.prototype.propertyIsEnumerable.call(value, symbol)) continue;
      entry.symbols ??= [];
      entry.symbols.push(name);
      this.#path.push({ call: `[Symbol.for(${JSON.stringify(name)})]` });
      this.#place(entry.symbols, entry.symbols.length, (value as Record<symbol, unknown>)[symbol]);
      this.#path.pop();
    }
  }

  #error(value: Error, registered: string | undefined): Entry {
    const { fields, hidden, ...parts } = errorParts(value);
    const entry = this.#entry<ErrorEntry>(value, { ...parts, registered, fields: {}, hidden: {}, at: [] });
    this.#inErrors++;
    if (!this.#bareErrors) {
      this.#fields(value, entry.fields, fields);
      this.#fields(value, entry.hidden, hidden);
    }
    this.#inErrors--;
    this.#close(entry);
    return entry;
  }

  #buffer(value: ArrayBuffer | SharedArrayBuffer): object | typeof LEFT_OUT {
    if (!this.#types.isArrayBuffer(value)) {
      if (!this.#shared) return this.#refuse("a SharedArrayBuffer, which processes cannot share");
      return this.#same(value);
    }
    if (isDetached(value)) return this.#refuse("an ArrayBuffer that was moved to another thread already");
    if (this.#moving > 0) this.#move(value);
    this.#use(value).whole = true;
    return this.#same(value);
  }

  #view(value: ArrayBufferView): unknown {
    const { buffer, byteOffset: offset } = value;
    if (isMarked(buffer)) this.#encode(buffer);
    const shared = !this.#types.isArrayBuffer(buffer);
    if (shared && !this.#shared) return this.#refuse("a view of a SharedArrayBuffer, which processes cannot share");
    if (!shared && isDetached(buffer))
      return this.#refuse("a view of a buffer that was moved to another thread already");
    const name = viewName(value);
    const length = "length" in value ? (value.length as number) : value.byteLength;
    const entry = this.#entry<ViewEntry>(value, { kind: "view", name, offset, length, at: [] });
    if (shared) entry.buffer = buffer;
    else {
      this.#use(buffer).views.push({ entry, end: offset + value.byteLength });
      // A Buffer is most often a slice of a pool that cannot move.
      const pooled = name === "Buffer" && value.byteLength < buffer.byteLength;
      if (this.#moving > 0 && !pooled) this.#move(buffer);
    }
    this.#close(entry);
    return entry;
  }

  #use(buffer: ArrayBuffer): BufferUse {
    let use = this.#buffers.get(buffer);
    if (use === undefined) {
      use = { views: [], whole: false };
      this.#buffers.set(buffer, use);
    }
    return use;
  }

  #move(buffer: ArrayBuffer): void {
    if (isDetached(buffer)) {
      this.#refuse("an ArrayBuffer that was moved to another thread already");
      return;
    }
    this.#use(buffer).whole = true;
    this.#moved.add(buffer);
  }

  /** Sends of each buffer only the part that is seen, and moves the copies made for that. */
  #cutBuffers(): void {
    for (const [buffer, { views, whole }] of this.#buffers) {
      let from = whole ? 0 : buffer.byteLength;
      let to = whole ? buffer.byteLength : 0;
      for (const { entry, end } of views) {
        // Numbers of eight bytes start at multiples of eight.
        from = Math.min(from, entry.offset - (entry.offset % 8));
        to = Math.max(to, end);
      }
      const sent = from === 0 && to === buffer.byteLength ? buffer : buffer.slice(from, to);
      if (sent !== buffer && this.#shared) this.#moved.add(sent);
      for (const { entry } of views) {
        entry.buffer = sent;
        entry.offset -= from;
      }
    }
  }

  #platform(value: object, { name, codec, cloneable }: PlatformClass): unknown {
    if (codec !== undefined) return this.#instance(value, codec as Pick<RegisteredClass, "name" | "serialize">, true);
    if (cloneable) return this.#same(value);
    if (this.#moving > 0 && MOVABLE.has(name)) {
      this.#moved.add(value);
      return this.#same(value);
    }
    const remedy = name === "Blob" || name === "File" ? " (send its bytes: await blob.arrayBuffer())" : "";
    return this.#refuse(`an instance of ${name}${remedy}`);
  }

  /** An instance of a class that nobody registered travels as structured clone would send it: its own fields. */
  #foreign(value: object): unknown {
    if (Object.keys(value).length > 0)
      return this.#types.isArgumentsObject(value) ? this.#refuse("arguments") : this.#record(value);
    return survives(value, this.#shared) ? this.#same(value) : this.#refuse(`an instance of ${className(value)}`);
  }

  #refuse(received: string, cause?: unknown): typeof LEFT_OUT {
    if (this.#inErrors > 0) return LEFT_OUT;
    throw this.#refusal(formatPath(this.#root, this.#path), received, cause);
  }

  #refusal(path: string, received: string, cause?: unknown): RunlaneError {
    return notSerializable(this.#where, path, received, cause);
  }
}

/** The error of a value that cannot travel. */
export function notSerializable(where: string, path: string, received: string, cause?: unknown): RunlaneError {
  return runlaneError(
    "RUNLANE_NOT_SERIALIZABLE",
    { where, path, received },
    cause === undefined ? undefined : { cause },
  );
}

/** Puts its content into a Map or a Set. */
export function fillCollection({ target, content }: Filling): void {
  if ("get" in target) for (let at = 0; at < content.length; at += 2) target.set(content[at], content[at + 1]);
  else for (const item of content) target.add(item);
}

/** What an object says, whatever it is. */
export function textOf(value: unknown): string {
  try {
    return value instanceof Error ? value.message : String(value);
  } catch {
    return "an object";
  }
}

function className(value: object): string {
  return value.constructor?.name || Object.prototype.toString.call(value).slice(8, -1);
}

function describeValue(value: unknown): string {
  return typeof value === "symbol" ? `the ${String(value).replace(/^Symbol/, "symbol ")}` : describe(value);
}

function isDetached(buffer: ArrayBuffer): boolean {
  if (buffer.byteLength > 0) return false;
  try {
    // Node 20 has no `detached`.
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

function viewName(value: ArrayBufferView): string {
  if (globalThis.Buffer?.isBuffer(value)) return "Buffer";
  return (TAG.call(value) as string | undefined) ?? "DataView";
}

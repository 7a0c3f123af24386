import { setOwn } from "../../core/own.ts";
import { isDetached, SentBuffers, viewName } from "./buffers.ts";
import { EncoderPosition, LEFT_OUT } from "./encoder-position.ts";
import { errorParts, isError } from "./error-parts.ts";
import {
  type ClassEntry,
  type Entry,
  type Envelope,
  type ErrorEntry,
  type Filling,
  fillCollection,
  type Lenience,
  PACKED,
  type PackOptions,
  type ViewEntry,
} from "./format.ts";
import { fateOf, nodeTypes } from "./node-types.ts";
import { className, describeValue, textOf } from "./not-serializable.ts";
import { mapKey } from "./path.ts";
import { type PlatformClass, platformClass } from "./platform-classes.ts";
import { type RegisteredClass, registeredClass } from "./registered-classes.ts";
import { isMarked, takeMark } from "./transfer.ts";

/** Classes whose instances move to another thread when they are marked, and cannot be copied. */
const MOVABLE = new Set(["MessagePort", "ReadableStream", "WritableStream", "TransformStream"]);

/** So many errors stand inside each other when they arrive: the causes of causes beyond them are left out. */
const MAX_CAUSES = 100;

/** Copies one value into the form that keeps everything. It copies every container, so it is used only where something needs it. */
export class Encoder {
  readonly #envelope: Envelope = { [PACKED]: 1, root: undefined, entries: [], order: [], bare: [] };
  /** For each object, its copy, or the entry that stands for it. */
  readonly #seen = new Map<object, object>();
  /** The entries, and their indices. */
  readonly #entries = new Map<object, number>();
  readonly #open = new Set<Entry>();
  readonly #buffers = new SentBuffers();
  readonly #moved = new Set<object>();
  readonly #at: EncoderPosition;
  readonly #where: string;
  readonly #options: PackOptions;
  readonly #shared: boolean;
  readonly #bareErrors: boolean;
  readonly #types = nodeTypes();
  #moving = 0;

  constructor(where: string, options: PackOptions, { leavesOut = false, bareErrors = false }: Lenience = {}) {
    this.#where = where;
    this.#options = options;
    this.#shared = options.shared !== false;
    this.#at = new EncoderPosition(where, options.root ?? "input", leavesOut);
    this.#bareErrors = bareErrors;
  }

  /** @throws RUNLANE_NOT_SERIALIZABLE */
  encode(value: unknown): { value: Envelope; transfer: readonly object[] } {
    this.#envelope.root = LEFT_OUT;
    try {
      this.#write(this.#envelope, "root", value);
    } catch (error) {
      if (error instanceof RangeError && /call stack/i.test(error.message)) throw this.#at.tooDeep(error);
      throw error;
    }
    // What errors did without may be in the data itself too, which must not lose it.
    if (this.#at.leftOut && this.#at.inErrors === 0) {
      const strict = new Encoder(this.#where, this.#options, { bareErrors: true });
      for (const moved of this.#moved) strict.#moved.add(moved);
      strict.encode(value);
    }
    if (this.#envelope.root === LEFT_OUT) this.#envelope.root = textOf(value);
    this.#buffers.cut();
    return { value: this.#envelope, transfer: [...this.#moved] };
  }

  /** Puts a value into a container, or leaves a hole for an entry. Says whether there is a hole. */
  #write(container: object, key: PropertyKey, value: unknown): boolean {
    const encoded = this.#encode(value);
    if (encoded === LEFT_OUT) return false;
    if (this.#isEntry(encoded)) {
      setOwn(container, key, undefined);
      encoded.at.push(container, key);
      if (encoded.kind === "class" && this.#open.has(encoded)) encoded.cyclic = true;
      return true;
    }
    setOwn(container, key, encoded);
    return false;
  }

  #isEntry(encoded: unknown): encoded is Entry {
    return typeof encoded === "object" && encoded !== null && this.#entries.has(encoded);
  }

  #encode(value: unknown): unknown {
    if (typeof value === "function" || typeof value === "symbol") return this.#at.refuse(describeValue(value));
    if (typeof value !== "object" || value === null) return value;
    const seen = this.#seen.get(value);
    if (seen !== undefined) return seen;
    if (this.#types.isProxy(value)) return this.#at.refuse("a Proxy");
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
    if (this.#at.isTooDeep) return this.#at.refuseDepth();
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
    if (Array.isArray(value)) return this.#array(this.#losing(value, "Array"));
    if (types.isMap(value)) return this.#collection(this.#losing(value, "Map"), new Map());
    if (types.isSet(value)) return this.#collection(this.#losing(value, "Set"), new Set());
    if (types.isDate(value) || types.isRegExp(value)) return this.#same(value);
    if (types.isBoxedPrimitive(value))
      return types.isSymbolObject(value) ? this.#at.refuse("a symbol") : this.#same(value);
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
    if (this.#types.isModuleNamespaceObject(value)) return this.#at.refuse("a module");
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
    this.#at.level++;
    for (const key of keys) {
      this.#at.path.push(key);
      const field = this.#read(value, key);
      if (field !== LEFT_OUT) this.#write(copy, key, field);
      this.#at.path.pop();
    }
    this.#at.level--;
  }

  #read(value: object, key: string): unknown {
    try {
      return (value as Record<string, unknown>)[key];
    } catch (cause) {
      return this.#at.refuse("a getter that throws", cause);
    }
  }

  /** The content of a Map, keys and items by turns, or of a Set. */
  #collection<T extends Map<unknown, unknown> | Set<unknown>>(value: T, copy: T): object {
    const { path } = this.#at;
    this.#seen.set(value, copy);
    const content: unknown[] = [];
    let holes = false;
    let position = 0;
    const isMap = "get" in value;
    this.#at.level++;
    for (const [key, item] of value.entries()) {
      const at = content.length;
      path.push({ call: `.${isMap ? "keys" : "values"}()[${position++}]` });
      if (this.#write(content, at, key)) holes = true;
      if (isMap) {
        path[path.length - 1] = mapKey(key);
        if (this.#write(content, at + 1, item)) holes = true;
        if (content.length === at + 1) content.length++;
      }
      path.pop();
    }
    this.#at.level--;
    const filling: Filling = { target: copy, content };
    if (holes) this.#envelope.order.push(filling);
    else fillCollection(filling);
    return copy;
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
    const level = this.#at.enter();
    if (serialize !== undefined) this.#write(entry, "data", serialize(value));
    else {
      entry.data = {};
      this.#fields(value, entry.data as object, Object.keys(value));
      this.#symbols(value, entry);
    }
    this.#at.leave(level);
    this.#close(entry);
    return entry;
  }

  #symbols(value: object, entry: ClassEntry): void {
    for (const symbol of Object.getOwnPropertySymbols(value)) {
      const name = Symbol.keyFor(symbol);
      if (name === undefined || !Object.prototype.propertyIsEnumerable.call(value, symbol)) continue;
      entry.symbols ??= [];
      // The value has its place even if it is left out.
      entry.symbols.push(name, undefined);
      this.#at.path.push({ call: `[Symbol.for(${JSON.stringify(name)})]` });
      this.#write(entry.symbols, entry.symbols.length - 1, (value as Record<symbol, unknown>)[symbol]);
      this.#at.path.pop();
    }
  }

  #error(value: Error, registered: string | undefined): Entry | typeof LEFT_OUT {
    if (this.#at.inErrors > MAX_CAUSES) return this.#at.refuse("an error");
    const { fields, hidden, ...parts } = errorParts(value);
    const entry = this.#entry<ErrorEntry>(value, { ...parts, registered, fields: {}, hidden: {}, at: [] });
    const level = this.#at.enter();
    this.#at.inErrors++;
    if (!this.#bareErrors) {
      this.#fields(value, entry.fields, fields);
      this.#fields(value, entry.hidden, hidden);
    }
    this.#at.inErrors--;
    this.#at.leave(level);
    this.#close(entry);
    return entry;
  }

  #buffer(value: ArrayBuffer | SharedArrayBuffer): object | typeof LEFT_OUT {
    if (!this.#types.isArrayBuffer(value)) {
      if (!this.#shared) return this.#at.refuse("a SharedArrayBuffer, which processes cannot share");
      return this.#same(value);
    }
    if (isDetached(value)) return this.#at.refuse("an ArrayBuffer that was moved to another thread already");
    if (this.#moving > 0) this.#move(value);
    this.#buffers.whole(value);
    return this.#same(value);
  }

  #view(value: ArrayBufferView): unknown {
    const { buffer, byteOffset: offset } = value;
    if (isMarked(buffer)) this.#encode(buffer);
    const shared = !this.#types.isArrayBuffer(buffer);
    if (shared && !this.#shared) return this.#at.refuse("a view of a SharedArrayBuffer, which processes cannot share");
    if (!shared && isDetached(buffer))
      return this.#at.refuse("a view of a buffer that was moved to another thread already");
    const name = viewName(value);
    const length = "length" in value ? (value.length as number) : value.byteLength;
    const entry = this.#entry<ViewEntry>(value, { kind: "view", name, offset, length, at: [] });
    if (shared) entry.buffer = buffer;
    else {
      this.#buffers.view(buffer, entry, offset + value.byteLength);
      // A Buffer is most often a slice of a pool that cannot move.
      const pooled = name === "Buffer" && value.byteLength < buffer.byteLength;
      if (this.#moving > 0 && !pooled) this.#move(buffer);
    }
    this.#close(entry);
    return entry;
  }

  #move(buffer: ArrayBuffer): void {
    if (isDetached(buffer)) {
      this.#at.refuse("an ArrayBuffer that was moved to another thread already");
      return;
    }
    this.#buffers.whole(buffer);
    this.#moved.add(buffer);
  }

  #platform(value: object, { name, codec, cloneable }: PlatformClass): unknown {
    if (codec !== undefined) return this.#instance(value, codec as Pick<RegisteredClass, "name" | "serialize">, true);
    if (cloneable) return this.#same(value);
    if (this.#moving > 0 && MOVABLE.has(name)) {
      this.#moved.add(value);
      return this.#same(value);
    }
    const remedy = name === "Blob" || name === "File" ? " (send its bytes: await blob.arrayBuffer())" : "";
    return this.#at.refuse(`an instance of ${name === "Iterator" ? className(value) : name}${remedy}`);
  }

  /** An instance of a class that nobody registered travels as structured clone would send it: its own fields. */
  #foreign(value: object): unknown {
    const hasFields = Object.keys(value).length > 0;
    if (hasFields && this.#types.isArgumentsObject(value)) return this.#at.refuse("arguments");
    const fate = hasFields ? "plain" : fateOf(value, this.#shared);
    if (fate === "refused") return this.#at.refuse(`an instance of ${className(value)}`);
    if (fate === "kept") return this.#same(value);
    return hasFields ? this.#record(this.#losing(value, "Object")) : this.#same(this.#losing(value, "Object"));
  }

  /** Tells of an object that arrives as an instance of a built-in class only. In another realm (`node:vm`) that has the same name. */
  #losing<T extends object>(value: T, builtIn: string): T {
    const name = value.constructor?.name;
    if (name !== builtIn) {
      const isEmpty = builtIn === "Object" && Object.keys(value).length === 0;
      this.#options.onForeign?.(name || "an unnamed class", this.#at.text, isEmpty);
    }
    return value;
  }
}

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
import { MOVABLE, type PlatformClass, platformClass } from "./platform-classes.ts";
import { type RegisteredClass, registeredClass } from "./registered-classes.ts";
import { isMarked, takeMark } from "./transfer.ts";

/** The number of errors that may stand inside each other: causes of causes beyond it are left out. */
const MAX_CAUSES = 100;

/** Copies one value into the form that keeps everything. It copies every container, so it is used only where something needs it. */
export class Encoder {
  private readonly envelope: Envelope = { [PACKED]: 1, root: undefined, entries: [], order: [], bare: [] };
  /** For each object, its copy, or the entry that stands for it. */
  private readonly seen = new Map<object, object>();
  /** The index of each entry in the envelope. */
  private readonly entries = new Map<object, number>();
  private readonly open = new Set<Entry>();
  private readonly buffers = new SentBuffers();
  private readonly moved = new Set<object>();
  private readonly position: EncoderPosition;
  private readonly where: string;
  private readonly options: PackOptions;
  private readonly sharesMemory: boolean;
  private readonly bareErrors: boolean;
  private readonly types = nodeTypes();
  private moving = 0;

  constructor(where: string, options: PackOptions, { leavesOut = false, bareErrors = false }: Lenience = {}) {
    this.where = where;
    this.options = options;
    this.sharesMemory = options.shared !== false;
    this.position = new EncoderPosition(where, options.root ?? "input", leavesOut);
    this.bareErrors = bareErrors;
  }

  /** @throws RUNLANE_NOT_SERIALIZABLE */
  encode(value: unknown): { value: Envelope; transfer: readonly object[] } {
    this.envelope.root = LEFT_OUT;
    try {
      this.write(this.envelope, "root", value);
    } catch (error) {
      if (error instanceof RangeError && /call stack/i.test(error.message)) throw this.position.tooDeep(error);
      throw error;
    }
    // A value that an error did without may be in the data itself too, which must not lose it.
    if (this.position.leftOut && this.position.inErrors === 0) {
      const strict = new Encoder(this.where, this.options, { bareErrors: true });
      for (const moved of this.moved) strict.moved.add(moved);
      strict.encode(value);
    }
    if (this.envelope.root === LEFT_OUT) this.envelope.root = textOf(value);
    this.buffers.cut();
    return { value: this.envelope, transfer: [...this.moved] };
  }

  /** Puts a value into a container, or leaves a hole for an entry. Says whether there is a hole. */
  private write(container: object, key: PropertyKey, value: unknown): boolean {
    const encoded = this.encodeValue(value);
    if (encoded === LEFT_OUT) return false;
    if (this.isEntry(encoded)) {
      setOwn(container, key, undefined);
      encoded.at.push(container, key);
      if (encoded.kind === "class" && this.open.has(encoded)) encoded.cyclic = true;
      return true;
    }
    setOwn(container, key, encoded);
    return false;
  }

  private isEntry(encoded: unknown): encoded is Entry {
    return typeof encoded === "object" && encoded !== null && this.entries.has(encoded);
  }

  private encodeValue(value: unknown): unknown {
    if (typeof value === "function" || typeof value === "symbol") return this.position.refuse(describeValue(value));
    if (typeof value !== "object" || value === null) return value;
    const seen = this.seen.get(value);
    if (seen !== undefined) return seen;
    if (this.types.isProxy(value)) return this.position.refuse("a Proxy");
    if (!isMarked(value)) return this.encodeObject(value);
    return this.encodeMarked(value);
  }

  private encodeMarked(value: object): unknown {
    const list = takeMark(value);
    if (!this.sharesMemory) return this.encodeObject(value);
    if (list !== undefined) {
      for (const moved of list) {
        if (this.types.isArrayBuffer(moved)) this.moveBuffer(moved);
        else this.moved.add(moved);
      }
      return this.encodeObject(value);
    }
    this.moving++;
    try {
      return this.encodeObject(value);
    } finally {
      this.moving--;
    }
  }

  private encodeObject(value: object): unknown {
    if (this.position.isTooDeep) return this.position.refuseDepth();
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype === Object.prototype && !this.types.isArgumentsObject(value)) return this.encodeRecord(value);
    if (prototype === Array.prototype) return this.encodeArray(value as unknown[]);
    const types = this.types;
    const error = isError(value, types.isNativeError);
    if (prototype === null && !error) {
      const copy = this.encodeRecord(value);
      // A module's namespace has none either.
      if (typeof copy === "object") this.envelope.bare.push(copy);
      return copy;
    }
    const registered = registeredClass(prototype);
    if (error && registered?.serialize === undefined) return this.encodeError(value, registered?.name);
    if (registered !== undefined) return this.encodeInstance(value, registered, false);
    if (Array.isArray(value)) return this.encodeArray(this.reportLoss(value, "Array"));
    if (types.isMap(value)) return this.encodeCollection(this.reportLoss(value, "Map"), new Map());
    if (types.isSet(value)) return this.encodeCollection(this.reportLoss(value, "Set"), new Set());
    if (types.isDate(value) || types.isRegExp(value)) return this.keepAsIs(value);
    if (types.isBoxedPrimitive(value))
      return types.isSymbolObject(value) ? this.position.refuse("a symbol") : this.keepAsIs(value);
    if (types.isAnyArrayBuffer(value)) return this.encodeBuffer(value);
    if (ArrayBuffer.isView(value)) return this.encodeView(value);
    if (this.moved.has(value)) return this.keepAsIs(value);
    const platform = platformClass(prototype as object, this.sharesMemory);
    if (platform !== undefined) return this.encodePlatform(value, platform);
    return this.encodeForeign(value);
  }

  private keepAsIs(value: object): object {
    this.seen.set(value, value);
    return value;
  }

  private encodeRecord(value: object): object | typeof LEFT_OUT {
    if (this.types.isModuleNamespaceObject(value)) return this.position.refuse("a module");
    const copy = {};
    this.seen.set(value, copy);
    this.writeFields(value, copy, Object.keys(value));
    return copy;
  }

  private encodeArray(value: unknown[]): object {
    const copy: unknown[] = new Array(value.length);
    this.seen.set(value, copy);
    this.writeFields(value, copy, Object.keys(value));
    return copy;
  }

  private writeFields(value: object, copy: object, keys: readonly string[]): void {
    this.position.level++;
    for (const key of keys) {
      this.position.path.push(key);
      const field = this.readField(value, key);
      if (field !== LEFT_OUT) this.write(copy, key, field);
      this.position.path.pop();
    }
    this.position.level--;
  }

  private readField(value: object, key: string): unknown {
    try {
      return (value as Record<string, unknown>)[key];
    } catch (cause) {
      return this.position.refuse("a getter that throws", cause);
    }
  }

  /** Copies a Map or a Set. Its content is a list: keys and items by turns for a Map. */
  private encodeCollection<T extends Map<unknown, unknown> | Set<unknown>>(value: T, copy: T): object {
    const { path } = this.position;
    this.seen.set(value, copy);
    const content: unknown[] = [];
    let holes = false;
    let position = 0;
    const isMap = "get" in value;
    this.position.level++;
    for (const [key, item] of value.entries()) {
      const at = content.length;
      path.push({ call: `.${isMap ? "keys" : "values"}()[${position++}]` });
      if (this.write(content, at, key)) holes = true;
      if (isMap) {
        path[path.length - 1] = mapKey(key);
        if (this.write(content, at + 1, item)) holes = true;
        if (content.length === at + 1) content.length++;
      }
      path.pop();
    }
    this.position.level--;
    const filling: Filling = { target: copy, content };
    if (holes) this.envelope.order.push(filling);
    else fillCollection(filling);
    return copy;
  }

  private addEntry<T extends Entry>(value: object, entry: T): T {
    this.entries.set(entry, this.envelope.entries.push(entry) - 1);
    this.seen.set(value, entry);
    this.open.add(entry);
    return entry;
  }

  private closeEntry(entry: Entry): void {
    this.open.delete(entry);
    this.envelope.order.push(this.entries.get(entry) as number);
  }

  private encodeInstance(
    value: object,
    { name, serialize }: Pick<RegisteredClass, "name" | "serialize">,
    platform: boolean,
  ): Entry {
    const entry = this.addEntry<ClassEntry>(value, { kind: "class", name, platform, at: [] });
    const level = this.position.enter();
    if (serialize !== undefined) this.write(entry, "data", serialize(value));
    else {
      entry.data = {};
      this.writeFields(value, entry.data as object, Object.keys(value));
      this.writeSymbols(value, entry);
    }
    this.position.leave(level);
    this.closeEntry(entry);
    return entry;
  }

  private writeSymbols(value: object, entry: ClassEntry): void {
    for (const symbol of Object.getOwnPropertySymbols(value)) {
      const name = Symbol.keyFor(symbol);
      if (name === undefined || !Object.prototype.propertyIsEnumerable.call(value, symbol)) continue;
      entry.symbols ??= [];
      // The value has its place even if it is left out.
      entry.symbols.push(name, undefined);
      this.position.path.push({ call: `[Symbol.for(${JSON.stringify(name)})]` });
      this.write(entry.symbols, entry.symbols.length - 1, (value as Record<symbol, unknown>)[symbol]);
      this.position.path.pop();
    }
  }

  private encodeError(value: Error, registered: string | undefined): Entry | typeof LEFT_OUT {
    if (this.position.inErrors > MAX_CAUSES) return this.position.refuse("an error");
    const { fields, hidden, ...parts } = errorParts(value);
    const entry = this.addEntry<ErrorEntry>(value, { ...parts, registered, fields: {}, hidden: {}, at: [] });
    const level = this.position.enter();
    this.position.inErrors++;
    if (!this.bareErrors) {
      this.writeFields(value, entry.fields, fields);
      this.writeFields(value, entry.hidden, hidden);
    }
    this.position.inErrors--;
    this.position.leave(level);
    this.closeEntry(entry);
    return entry;
  }

  private encodeBuffer(value: ArrayBuffer | SharedArrayBuffer): object | typeof LEFT_OUT {
    if (!this.types.isArrayBuffer(value)) {
      if (!this.sharesMemory) return this.position.refuse("a SharedArrayBuffer, which processes cannot share");
      return this.keepAsIs(value);
    }
    if (isDetached(value)) return this.position.refuse("an ArrayBuffer that was moved to another thread already");
    if (this.moving > 0) this.moveBuffer(value);
    this.buffers.whole(value);
    return this.keepAsIs(value);
  }

  private encodeView(value: ArrayBufferView): unknown {
    const { buffer, byteOffset: offset } = value;
    if (isMarked(buffer)) this.encodeValue(buffer);
    const shared = !this.types.isArrayBuffer(buffer);
    if (shared && !this.sharesMemory)
      return this.position.refuse("a view of a SharedArrayBuffer, which processes cannot share");
    if (!shared && isDetached(buffer))
      return this.position.refuse("a view of a buffer that was moved to another thread already");
    const name = viewName(value);
    const length = "length" in value ? (value.length as number) : value.byteLength;
    const entry = this.addEntry<ViewEntry>(value, { kind: "view", name, offset, length, at: [] });
    if (shared) entry.buffer = buffer;
    else {
      this.buffers.view(buffer, entry, offset + value.byteLength);
      // A Buffer is most often a slice of a pool that cannot move.
      const pooled = name === "Buffer" && value.byteLength < buffer.byteLength;
      if (this.moving > 0 && !pooled) this.moveBuffer(buffer);
    }
    this.closeEntry(entry);
    return entry;
  }

  private moveBuffer(buffer: ArrayBuffer): void {
    if (isDetached(buffer)) {
      this.position.refuse("an ArrayBuffer that was moved to another thread already");
      return;
    }
    this.buffers.whole(buffer);
    this.moved.add(buffer);
  }

  private encodePlatform(value: object, { name, codec, cloneable }: PlatformClass): unknown {
    if (codec !== undefined)
      return this.encodeInstance(value, codec as Pick<RegisteredClass, "name" | "serialize">, true);
    if (cloneable) return this.keepAsIs(value);
    if (this.moving > 0 && MOVABLE.has(name)) {
      this.moved.add(value);
      return this.keepAsIs(value);
    }
    const remedy = name === "Blob" || name === "File" ? " (send its bytes: await blob.arrayBuffer())" : "";
    return this.position.refuse(`an instance of ${name === "Iterator" ? className(value) : name}${remedy}`);
  }

  /** Copies an instance of a class that nobody registered, as structured clone would: its own fields. */
  private encodeForeign(value: object): unknown {
    const hasFields = Object.keys(value).length > 0;
    if (hasFields && this.types.isArgumentsObject(value)) return this.position.refuse("arguments");
    const fate = hasFields ? "plain" : fateOf(value, this.sharesMemory);
    if (fate === "refused") return this.position.refuse(`an instance of ${className(value)}`);
    if (fate === "kept") return this.keepAsIs(value);
    return hasFields
      ? this.encodeRecord(this.reportLoss(value, "Object"))
      : this.keepAsIs(this.reportLoss(value, "Object"));
  }

  /** Reports an object whose class is lost on the way. The same built-in class of another realm (`node:vm`) has the same name. */
  private reportLoss<T extends object>(value: T, builtIn: string): T {
    const name = value.constructor?.name;
    if (name !== builtIn) {
      const isEmpty = builtIn === "Object" && Object.keys(value).length === 0;
      this.options.onForeign?.(name || "an unnamed class", this.position.text, isEmpty);
    }
    return value;
  }
}

import { describe, runlaneError } from "../core/errors/errors.ts";
import { setOwn } from "../core/own.ts";
import { isPlainObject } from "../core/plain-object.ts";

type View = ArrayBufferView & { readonly length?: number };
type ViewClass = new (buffer: SharedArrayBuffer, offset: number, length?: number) => View;

/**
 * The same data with its buffers in shared memory. Each buffer is copied once, whatever looks at it.
 *
 * @throws RUNLANE_RESOURCE_NOT_SHAREABLE
 */
export function shareable(value: unknown, name: string): unknown {
  const buffers = new Map<ArrayBufferLike, SharedArrayBuffer>();
  const seen = new Map<object, unknown>();

  const refuse = (problem: string): never => {
    throw runlaneError("RUNLANE_RESOURCE_NOT_SHAREABLE", { name: JSON.stringify(name), problem });
  };

  function share(part: unknown, path: string): unknown {
    if (typeof part === "function" || typeof part === "symbol") return refuse(`${path} is ${describe(part)}`);
    if (typeof part !== "object" || part === null) return part;
    const known = seen.get(part);
    if (known !== undefined) return known;
    if (part instanceof ArrayBuffer || isShared(part)) return sharedBuffer(part as ArrayBufferLike);
    if (ArrayBuffer.isView(part)) return sharedView(part as View);
    if (Array.isArray(part)) {
      const list: unknown[] = [];
      seen.set(part, list);
      for (const [index, element] of part.entries()) list.push(share(element, `${path}[${index}]`));
      return list;
    }
    if (!isPlainObject(part)) return refuse(`${path} is ${describe(part)}`);
    const copy: Record<string, unknown> = {};
    seen.set(part, copy);
    for (const [key, field] of Object.entries(part)) setOwn(copy, key, share(field, `${path}.${key}`));
    return copy;
  }

  function sharedBuffer(buffer: ArrayBufferLike): SharedArrayBuffer {
    if (isShared(buffer)) {
      buffers.set(buffer, buffer);
      return buffer;
    }
    let copy = buffers.get(buffer);
    if (copy === undefined) {
      copy = new SharedArrayBuffer(buffer.byteLength);
      new Uint8Array(copy).set(new Uint8Array(buffer));
      buffers.set(buffer, copy);
    }
    return copy;
  }

  function sharedView(view: View): View {
    const { byteOffset, byteLength, length } = view;
    // A small Buffer is a part of a pool that it shares with others, which are nobody's business.
    const isPooled = globalThis.Buffer?.isBuffer(view) && view.buffer.byteLength !== byteLength;
    if (isPooled) return new Uint8Array(sharedBuffer(new Uint8Array(view as Uint8Array).buffer));
    const type = (globalThis.Buffer?.isBuffer(view) ? Uint8Array : view.constructor) as ViewClass;
    return new type(sharedBuffer(view.buffer), byteOffset, length ?? byteLength);
  }

  const shared = share(value, "its value");
  if (buffers.size === 0) refuse("there is no ArrayBuffer or typed array in its value");
  return shared;
}

function isShared(value: object): value is SharedArrayBuffer {
  return typeof SharedArrayBuffer !== "undefined" && value instanceof SharedArrayBuffer;
}

import type { ViewEntry } from "./format.ts";

/** Gives the built-in class of a typed array, whatever its class says; undefined for a DataView. */
const TAG = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)
  ?.get as () => unknown;

interface BufferUse {
  readonly views: { readonly entry: ViewEntry; readonly end: number }[];
  /** Set when all of the buffer is sent: it is in the value itself, or moves. */
  whole: boolean;
}

/** The buffers of a message, and what of them is seen. */
export class SentBuffers {
  private readonly uses = new Map<ArrayBuffer, BufferUse>();

  /** A buffer of which all is sent. */
  whole(buffer: ArrayBuffer): void {
    this.use(buffer).whole = true;
  }

  /** A view of a buffer, up to a byte. */
  view(buffer: ArrayBuffer, entry: ViewEntry, end: number): void {
    this.use(buffer).views.push({ entry, end });
  }

  /** Gives the views what is sent of their buffers: the part that they see. What views share, they share on arrival. */
  cut(): void {
    for (const [buffer, { views, whole }] of this.uses) {
      let from = whole ? 0 : buffer.byteLength;
      let to = whole ? buffer.byteLength : 0;
      for (const { entry, end } of views) {
        // Numbers of eight bytes start at multiples of eight.
        from = Math.min(from, entry.offset - (entry.offset % 8));
        to = Math.max(to, end);
      }
      const sent = from === 0 && to === buffer.byteLength ? buffer : buffer.slice(from, to);
      for (const { entry } of views) {
        entry.buffer = sent;
        entry.offset -= from;
      }
    }
  }

  private use(buffer: ArrayBuffer): BufferUse {
    let use = this.uses.get(buffer);
    if (use === undefined) {
      use = { views: [], whole: false };
      this.uses.set(buffer, use);
    }
    return use;
  }
}

/** Whether a buffer was moved to another thread. */
export function isDetached(buffer: ArrayBuffer): boolean {
  if (buffer.byteLength > 0) return false;
  try {
    // Node 20 has no `detached`.
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** The class of a view that every thread has. */
export function viewName(value: ArrayBufferView): string {
  if (globalThis.Buffer?.isBuffer(value)) return "Buffer";
  return (TAG.call(value) as string | undefined) ?? "DataView";
}

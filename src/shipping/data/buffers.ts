import type { ViewEntry } from "./format.ts";

/** The getter of a typed array's built-in class, whatever its own class is called; it gives undefined for a DataView. */
const TAG = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)
  ?.get as () => unknown;

interface BufferUse {
  readonly views: { readonly entry: ViewEntry; readonly end: number }[];
  /** Whether all of the buffer is sent, because it is in the value itself, or moves. */
  whole: boolean;
}

/** The buffers of a message, with their views, so that only those parts are sent that a view shows. */
export class SentBuffers {
  private readonly uses = new Map<ArrayBuffer, BufferUse>();

  /** Has all of a buffer sent. */
  whole(buffer: ArrayBuffer): void {
    this.use(buffer).whole = true;
  }

  /** Adds a view of a buffer, up to the byte `end`. */
  view(buffer: ArrayBuffer, entry: ViewEntry, end: number): void {
    this.use(buffer).views.push({ entry, end });
  }

  /** Cuts buffers to the parts that their views show, and gives those to the views. Views that share a buffer share it on arrival. */
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

/** The name of a view's class, as every thread has it. */
export function viewName(value: ArrayBufferView): string {
  if (globalThis.Buffer?.isBuffer(value)) return "Buffer";
  return (TAG.call(value) as string | undefined) ?? "DataView";
}

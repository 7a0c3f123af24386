import type { RegisteredClass } from "./registered-classes.ts";

type Codec = Pick<RegisteredClass, "name"> & {
  readonly serialize: (value: never) => unknown;
  readonly deserialize: (data: never) => object;
};

/**
 * Classes of the platform that structured clone would turn into empty objects, or into their superclass. They are found by name when an
 * instance turns up: to touch `Headers` makes Node load its whole fetch.
 */
const CODECS: Readonly<Record<string, Codec>> = {
  URL: { name: "URL", serialize: (url: URL) => url.href, deserialize: (href: string) => new URL(href) },
  URLSearchParams: {
    name: "URLSearchParams",
    serialize: String,
    deserialize: (text: string) => new URLSearchParams(text),
  },
  Headers: {
    name: "Headers",
    serialize: (headers: Headers) => [...headers],
    deserialize: (pairs: [string, string][]) => new Headers(pairs),
  },
  File: {
    name: "File",
    serialize: (file: File) => ({ blob: file.slice(0, file.size, file.type), name: file.name, at: file.lastModified }),
    deserialize: ({ blob, name, at }: { blob: Blob; name: string; at: number }) =>
      new File([blob], name, { type: blob.type, lastModified: at }),
  },
};

/** Classes of the platform that structured clone keeps between threads. */
const CLONEABLE = new Set(["Blob", "CryptoKey"]);

/** Classes whose instances move to another thread when they are marked, and cannot be copied. */
export const MOVABLE: ReadonlySet<string> = new Set([
  "MessagePort",
  "ReadableStream",
  "WritableStream",
  "TransformStream",
]);

/** A class of the platform, and how its instances travel. */
export type PlatformClass = { readonly name: string; readonly codec: Codec | undefined; readonly cloneable: boolean };

/** The nearest class of the platform on a prototype chain, if there is one besides Object. */
export function platformClass(prototype: object, shared: boolean): PlatformClass | undefined {
  for (let level: object | null = prototype; level !== null; level = Object.getPrototypeOf(level)) {
    if (!Object.hasOwn(level, "constructor")) continue;
    const type: unknown = level.constructor;
    const name = typeof type === "function" ? type.name : "";
    if (name === "" || name === "Object" || (globalThis as Record<string, unknown>)[name] !== type) continue;
    const codec = Object.hasOwn(CODECS, name) && (shared || name !== "File") ? CODECS[name] : undefined;
    return { name, codec, cloneable: shared && CLONEABLE.has(name) };
  }
  return undefined;
}

/** The class of the platform of a name that arrived. */
export function platformCodec(name: string): RegisteredClass["deserialize"] {
  return Object.hasOwn(CODECS, name) ? (CODECS[name]?.deserialize as RegisteredClass["deserialize"]) : undefined;
}

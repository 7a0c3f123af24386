/**
 * The globals that a function may touch and still be moved by `auto`: they mean the same in every thread, and their use leaves no trace.
 * Each with its value, since a program may replace it, as fake timers replace `Date`.
 */
const PURE: ReadonlyMap<string, unknown> = new Map(
  words(`
    undefined NaN Infinity Object Boolean Number BigInt String Symbol Array Map Set WeakMap WeakSet RegExp Date Math JSON Intl
    Reflect Promise Iterator Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError
    ArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float16Array
    Float32Array Float64Array BigInt64Array BigUint64Array parseInt parseFloat isNaN isFinite
    decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape
    structuredClone atob btoa TextDecoder TextEncoder URL URLSearchParams
  `).map((name) => [name, currently(name)]),
);

/** The other names that every thread of Node has, of the language, the web platform and Node itself. */
const OTHERS: ReadonlySet<string> = new Set(
  words(`
    globalThis global self process console Buffer Function Proxy WeakRef FinalizationRegistry SharedArrayBuffer Atomics WebAssembly
    DisposableStack AsyncDisposableStack SuppressedError AsyncIterator Temporal
    AbortController AbortSignal Blob BroadcastChannel ByteLengthQueuingStrategy CloseEvent CompressionStream CountQueuingStrategy
    Crypto CryptoKey CustomEvent DecompressionStream DOMException ErrorEvent Event EventSource EventTarget File FormData Headers
    MessageChannel MessageEvent MessagePort Navigator Performance PerformanceEntry PerformanceMark PerformanceMeasure
    PerformanceObserver PerformanceObserverEntryList PerformanceResourceTiming QuotaExceededError
    ReadableByteStreamController ReadableStream ReadableStreamBYOBReader ReadableStreamBYOBRequest
    ReadableStreamDefaultController ReadableStreamDefaultReader Request Response Storage SubtleCrypto TextDecoderStream
    TextEncoderStream TransformStream TransformStreamDefaultController URLPattern WebSocket WritableStream
    WritableStreamDefaultController WritableStreamDefaultWriter
    clearImmediate clearInterval clearTimeout setImmediate setInterval setTimeout queueMicrotask fetch crypto navigator performance
    eval
  `),
);

/** Whether every thread has a global of this name. */
export function isGlobal(name: string): boolean {
  return PURE.has(name) || OTHERS.has(name);
}

/** Whether a global is a pure one, and still the one that the program started with. */
export function isPureGlobal(name: string): boolean {
  return PURE.has(name) && PURE.get(name) === currently(name);
}

function currently(name: string): unknown {
  return (globalThis as Record<string, unknown>)[name];
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

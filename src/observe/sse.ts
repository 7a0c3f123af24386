/** Encodes events for HTTP, as server-sent events; the last one is called `end`. */
export async function* encodeEvents(events: AsyncIterable<unknown>): AsyncGenerator<Uint8Array, void> {
  const encoder = new TextEncoder();
  for await (const event of events) {
    yield encoder.encode(`event: data\ndata: ${JSON.stringify(event, withErrors)}\n\n`);
  }
  yield encoder.encode("event: end\n\n");
}

/**
 * An Error has no enumerable properties, and would be lost. The `toJSON` that some have does not count: an HTTP client's error, for
 * one, shows its request with the key in it.
 */
function withErrors(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const original = this[key];
  return original instanceof Error ? { name: original.name, message: original.message } : value;
}

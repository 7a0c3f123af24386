/** Encodes events for HTTP, as server-sent events; the last one is called `end`. */
export async function* encodeEvents(events: AsyncIterable<unknown>): AsyncGenerator<Uint8Array, void> {
  const encoder = new TextEncoder();
  for await (const event of events) {
    yield encoder.encode(`event: data\ndata: ${JSON.stringify(event, withErrors)}\n\n`);
  }
  yield encoder.encode("event: end\n\n");
}

/** An Error has no enumerable properties, and would be lost. */
function withErrors(_key: string, value: unknown): unknown {
  return value instanceof Error ? { name: value.name, message: value.message } : value;
}

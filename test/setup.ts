import type { StillLoading } from "../src/core/still-loading.ts";
import { reader } from "../src/shipping/functions/load-reader.ts";

// Loaded at once from what is built. What Vitest has transformed takes a moment, and tests of `withLane` would have to wait for it.
try {
  reader();
} catch (error) {
  await (error as StillLoading).loaded;
}

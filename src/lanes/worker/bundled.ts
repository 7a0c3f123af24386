import { bundle } from "../../core/bundle.ts";
import { builtinModule } from "../../core/platform.ts";

/** The entry of workers of bundled programs and of browsers: one file, for all kinds of workers, that needs nothing beside it. */
const threads = builtinModule("node:worker_threads");
if (threads === undefined) {
  await import("./web.ts");
} else {
  bundle.isHere = true;
  await (threads.isMainThread ? import("./process.ts") : import("./thread.ts"));
}

import { bundle } from "../../core/bundle.ts";
import { builtinModule } from "../../core/platform.ts";

/**
 * The entry of workers of bundled programs and of browsers: one file, for all kinds of workers, that needs nothing beside it. It does not
 * await what it loads: Vite makes workers of scripts that cannot.
 */
const threads = builtinModule("node:worker_threads");
bundle.isHere = threads !== undefined;
if (threads === undefined) void import("./web.ts");
else if (threads.isMainThread) void import("./process.ts");
else void import("./thread.ts");

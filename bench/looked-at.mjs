// @ts-check
/** `looked-at.mjs <seconds before> <seconds>`: prints the share of a core, in percent, that an idle program takes while somebody looks at its page. */
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { RunnableLambda } from "runlane";
import { inspect } from "runlane/inspect";

const [beforeS = 20, seconds = 20] = process.argv.slice(2).map(Number);
const chain = RunnableLambda.from((/** @type {number} */ n) => n + 1).pipe(async (/** @type {number} */ n) => n * 2);
const inspection = await inspect({ chain });
const { origin, search } = new URL(inspection.url);
// Who looks is a process of its own, as a browser is.
const look = `require("node:http").get(${JSON.stringify(`${origin}/events${search}`)}, (answer) => answer.resume())`;
const viewer = spawn(process.execPath, ["-e", look], { stdio: ["ignore", "ignore", "inherit"] });
while (inspection.looking === 0) await sleep(50);
// What was loaded for the start is collected first.
await sleep(beforeS * 1000);
const [before, start] = [process.cpuUsage(), performance.now()];
await sleep(seconds * 1000);
const { user, system } = process.cpuUsage(before);
const share = (user + system) / (performance.now() - start) / 10;
viewer.kill();
await inspection.close();
process.stdout.write(JSON.stringify({ share }));

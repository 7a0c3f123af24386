import { parentPort } from "node:worker_threads";

parentPort.on("message", () => process.exit(0));
parentPort.postMessage("ready");

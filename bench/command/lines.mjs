/** A part of the lines, for `parallel --pipe`. */
import { createInterface } from "node:readline";
import func from "./short.mjs";

let text = "";
for await (const line of createInterface({ input: process.stdin }))
  text += `${JSON.stringify({ output: func(JSON.parse(line)) })}\n`;
process.stdout.write(text);

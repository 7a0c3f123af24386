// @ts-check
/** Serves the pipeline as a reader would, and asks it in every way there is: by hand, as LangServe's client, as a front end, as an agent. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { DefaultChatTransport, readUIMessageStream } from "ai";
import { RemoteRunnable } from "langchain-core-0.3/runnables/remote";

const root = fileURLToPath(new URL("../../", import.meta.url));
const QUESTION = "How does the server refuse requests that would wait too long?";
/** The stand-in repeats sentences that have a word of the question in them. */
const ANSWER = /server|request|wait|refuse|long/i;

/**
 * Starts a program that says where it listens.
 *
 * @param {readonly string[]} args
 */
async function start(args) {
  const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, PORT: "0" } });
  let out = "";
  let errors = "";
  child.stderr.on("data", (text) => {
    errors += text;
  });
  const url = await new Promise((resolve, reject) => {
    child.stdout.on("data", (text) => {
      out += text;
      const found = /listening on (\S+)\n/.exec(out);
      if (found !== null) resolve(found[1]);
    });
    child.on("exit", (code) => reject(new Error(`It ended with ${code}.\n${out}${errors}`)));
  });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  return {
    url: /** @type {string} */ (url),
    kill: (/** @type {NodeJS.Signals} */ signal) => child.kill(signal),
    ended,
  };
}

/** As `curl` does. */
async function byHand(/** @type {string} */ url) {
  const response = await fetch(`${url}/pipeline/invoke`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ input: { question: QUESTION } }),
  });
  const { output } = /** @type {{ output: string }} */ (await response.json());
  assert.match(output, ANSWER);
}

/** As programs do that were written for LangServe. */
async function asOldClient(/** @type {string} */ url) {
  const remote = new RemoteRunnable({ url: `${url}/pipeline` });
  const chunks = [];
  for await (const chunk of await remote.stream({ question: QUESTION })) chunks.push(chunk);
  assert(chunks.length > 3, "the answer did not come in chunks");
  assert.equal(chunks.join(""), await remote.invoke({ question: QUESTION }));
}

/** As a front end with the AI SDK does. */
async function asFrontEnd(/** @type {string} */ url) {
  const transport = new DefaultChatTransport({ api: `${url}/pipeline/chat` });
  const stream = await transport.sendMessages({
    chatId: "1",
    messages: [{ id: "1", role: "user", parts: [{ type: "text", text: QUESTION }] }],
    abortSignal: undefined,
    trigger: "submit-message",
    messageId: undefined,
  });
  let last;
  for await (const message of readUIMessageStream({ stream })) last = message;
  assert.match(JSON.stringify(last?.parts), ANSWER);
}

/** As an agent does. */
async function asAgent(/** @type {string} */ url) {
  const client = new Client({ name: "check", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
  const { content } = await client.callTool({ name: "pipeline", arguments: { question: QUESTION } });
  assert.match(JSON.stringify(content), ANSWER);
  await client.close();
}

const server = await start(["dist/cli/main.js", "serve", "examples/serve/pipeline.ts", "--port", "0", "--log", "none"]);
try {
  for (const ask of [byHand, asOldClient, asFrontEnd, asAgent]) {
    await ask(server.url);
    console.log(`${ask.name}: answered`);
  }
  server.kill("SIGTERM");
  assert.equal(await server.ended, 0, "it did not drain");
} finally {
  server.kill("SIGKILL");
}

const app = await start(["--import", "tsx", "examples/serve/app.ts"]);
try {
  assert.match(await (await fetch(app.url)).text(), /EventSource/);
  const events = await (await fetch(`${app.url}/ask?question=${encodeURIComponent(QUESTION)}`)).text();
  assert.match(events, /event: data\ndata: "/);
  assert.match(events, /event: end\n\n$/);
  console.log("the page: answered");
} finally {
  app.kill("SIGKILL");
}

import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { AIMessage } from "@langchain/core/messages";
import { expect, it } from "vitest";
import { RunnableLambda } from "../../src/index.ts";
import { serve } from "./support.ts";

const CLIENT = fileURLToPath(new URL("fixtures/langserve_client.py", import.meta.url));

/** Why the client cannot be asked: it is no package of npm, and nobody has to have it. */
function missing(): string | undefined {
  const { error, status } = spawnSync("python3", ["-c", "import langserve, httpx_sse"], { stdio: "ignore" });
  if (error !== undefined) return "there is no python3";
  return status === 0 ? undefined : 'python3 has no langserve: pip install "langserve[client]"';
}

function ask(url: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn("python3", [CLIENT, url]);
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

async function invokesBatchesAndStreams(): Promise<void> {
  const { url } = await serve({
    shout: RunnableLambda.from((text: string) => text.toUpperCase()),
    words: RunnableLambda.from(async function* (text: string) {
      for (const word of text.split(" ")) yield `${word} `;
    }),
    greet: RunnableLambda.from(() => new AIMessage("hello")),
    fails: RunnableLambda.from(() => {
      throw new Error("a secret");
    }),
  });
  const { code, stdout, stderr } = await ask(url);
  expect(code, stderr).toBe(0);
  const { events, failure, final, ...answers } = JSON.parse(stdout);
  expect(answers).toEqual({
    invoke: "HI",
    batch: ["A", "B"],
    stream: ["a ", "b "],
    message: "AIMessage",
    ainvoke: "HI",
    astream: ["a ", "b "],
  });
  expect([events[0], events.at(-1)]).toEqual(["on_chain_start", "on_chain_end"]);
  expect(final).toContain("a b ");
  expect(failure).not.toContain("a secret");
}

const NAME = "LangServe's own Python client invokes, batches, streams, and reads events and logs";
const skip = missing();
if (skip === undefined) it(NAME, { timeout: 60_000 }, invokesBatchesAndStreams);
else it.skip(`${NAME} (${skip})`, invokesBatchesAndStreams);

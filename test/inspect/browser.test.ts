import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { startBrowser } from "../../scripts/browser.mjs";
import { run, start } from "../cli/command.ts";
import { scratchFolder } from "../cli/scratch.ts";
import { everything } from "../everything.ts";
import { proxyTo } from "./cut-proxy.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PIPELINE = fileURLToPath(new URL("fixtures/troubled.mjs", import.meta.url));
const PATIENCE = { timeout: 240_000 };

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
}, 120_000);
afterAll(() => browser?.close());

/** A page, and what went wrong with it: errors, and requests to others than the one that it is from. */
async function openPage(url: string): Promise<{ page: Page; wrong: string[] }> {
  const context = await browser.newContext({ colorScheme: "light" });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const wrong: string[] = [];
  const { protocol, host } = new URL(url);
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("console", (message) => {
    // The browser itself says that a connection was lost, which is what some tests want.
    if (message.type() === "error" && !message.text().includes("net::ERR_")) wrong.push(message.text());
  });
  page.on("request", (request) => {
    const asked = new URL(request.url());
    if (asked.protocol !== "data:" && (asked.protocol !== protocol || asked.host !== host)) wrong.push(asked.href);
  });
  onTestFinished(() => context.close());
  await page.goto(url);
  return { page, wrong };
}

/** What axe-core objects to. */
async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    // It reads the texts of a drawing without the gaps between them, and misses them in the name of the button.
    const rules = { "label-content-name-mismatch": { enabled: false } };
    const { violations } = await (globalThis as any).axe.run({ rules });
    return violations.map(({ id, nodes }: any) => `${id}: ${nodes.map(({ html }: any) => html).join(" ")}`);
  });
}

/** A folder with a pipeline in which everything goes wrong, and its inputs. */
function troubledFolder(): string {
  const cwd = scratchFolder();
  const runlane = JSON.stringify(new URL("../../dist/index.js", import.meta.url).href);
  const code = readFileSync(PIPELINE, "utf8").replace('"runlane"', runlane);
  writeFileSync(join(cwd, "pipeline.mjs"), code);
  writeFileSync(join(cwd, "in.jsonl"), Array.from({ length: 240 }, (_, at) => `${at}\n`).join(""));
  return cwd;
}

const ARGS = ["batch", "pipeline.mjs", "-i", "in.jsonl", "-o", "out.jsonl", "-c", "16", "-q"];

test(
  "the page tells of a run what is slow, what fails, who holds the loop now, and which worker is lost",
  PATIENCE,
  async () => {
    const cwd = troubledFolder();
    const running = start([...ARGS, "--inspect"], { cwd, input: "" });
    await running.says(/shown at http\S+/);
    const [, link = ""] = /shown at (\S+)/.exec(running.stderr()) ?? [];
    const proxy = await proxyTo(Number(new URL(link).port));
    const { page, wrong } = await openPage(link.replace(/:\d+/, `:${proxy.port}`));

    // While the loop is held, only the watching thread and the one that serves the page go on.
    await page.getByRole("alert").getByText("holds holds the event loop").waitFor();
    await page.getByRole("button", { name: /^holds: .* holds the event loop now$/ }).waitFor();
    writeFileSync(join(cwd, "seen"), "");
    await page.getByRole("alert").getByText("holds the event loop").waitFor({ state: "detached" });

    await page.getByRole("list", { name: "Workers of thread" }).getByText("lost: it exited with code 7").waitFor();
    await page.getByRole("button", { name: /^slow: loop, 240 inputs, 0 failed/ }).waitFor();
    const failed = page.getByRole("list", { name: "Runs" }).getByText("failed in picky: RangeError: no threes: 233");
    await failed.waitFor();
    await page.getByText("running: slow").waitFor();

    // One step only, by a click on its box or by the list.
    await page.getByRole("button", { name: /^dies: thread/ }).press("Enter");
    await failed.waitFor({ state: "detached" });
    expect(await page.getByRole("combobox", { name: /^step/ }).inputValue()).toBe("dies");
    await page.keyboard.press("Escape");
    await failed.click();
    await page.getByRole("heading", { name: "Error in picky" }).waitFor();

    proxy.cut();
    await page.getByText("The program cannot be reached").waitFor();
    await page.getByText("The program cannot be reached").waitFor({ state: "detached" });

    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText(/^Paused at/).waitFor();
    writeFileSync(join(cwd, "enough"), "");
    expect(await page.getByText("finished").count()).toBe(0);
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByText("finished").waitFor();
    expect(await violationsOf(page)).toEqual([]);

    // It stays for who looks, and goes with the last one.
    await page.close();
    expect((await running.finished).code).toBe(1);
    expect(wrong).toEqual([]);
  },
);

test.runIf(everything)("a report is a page that shows a run that is over, without any network", PATIENCE, async () => {
  const cwd = troubledFolder();
  for (const file of ["seen", "enough"]) writeFileSync(join(cwd, file), "");
  expect((await run([...ARGS, "--report", "run.json"], { cwd })).code).toBe(1);
  expect((await run(["report", "run.json", "-o", "run.html"], { cwd })).code).toBe(0);
  copyFileSync(join(cwd, "run.html"), join(cwd, "copy.html"));
  const { page, wrong } = await openPage(pathToFileURL(join(cwd, "copy.html")).href);
  await page.getByRole("button", { name: /^picky: loop, 240 inputs, 24 failed/ }).waitFor();
  await page.getByText("failed in picky: RangeError: no threes: 233").click();
  await page.getByText("As a table, with the reasons").click();
  await page.getByRole("region", { name: "Steps" }).getByText("withLane").first().waitFor();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violationsOf(page)).toEqual([]);
  }
  await page.setViewportSize({ width: 380, height: 800 });
  const scrolls = await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth");
  expect(scrolls).toBe(false);
  expect(wrong).toEqual([]);
});

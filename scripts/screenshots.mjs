// @ts-check
/** Takes the pictures of the inspector for the guide: the main example, shown in light, in dark and on a narrow screen. */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { startBrowser } from "./browser.mjs";
import { build } from "./build.mjs";
import { at, fail, install } from "./lib.mjs";

const LOOKS = /** @type {const} */ ([
  { name: "light", colorScheme: "light", width: 1240, height: 1180 },
  { name: "dark", colorScheme: "dark", width: 1240, height: 1180 },
  { name: "narrow", colorScheme: "light", width: 390, height: 844 },
]);

await install();
const { code, output } = await build();
if (code !== 0) fail(output);
mkdirSync(at("docs/images"), { recursive: true });
const args = [
  "batch",
  "examples/docs-index/pipeline.ts",
  "--files",
  "node_modules/*/README.md",
  "--limit",
  "200",
  "--output",
  ".cache/screenshots.jsonl",
];
const child = spawn(process.execPath, ["dist/cli/main.js", ...args, "--overwrite", "--quiet", "--inspect"], {
  cwd: at(),
  stdio: ["ignore", "ignore", "pipe"],
});
let said = "";
/** @type {string} */
const link = await new Promise((resolve) => {
  child.stderr.setEncoding("utf8").on("data", (text) => {
    said += text;
    const [, found] = /shown at (\S+)/.exec(said) ?? [];
    if (found !== undefined) resolve(found);
  });
  child.on("exit", () => fail(`The example has ended:\n${said}`));
});
child.removeAllListeners("exit");
const browser = await startBrowser();
try {
  const page = await browser.newPage();
  await page.goto(link);
  await page.getByText("finished").waitFor({ timeout: 300_000 });
  for (const { name, colorScheme, width, height } of LOOKS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height });
    // Drawings follow the size of the window in the next frame.
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
    await page.screenshot({ path: at("docs/images", `inspector-${name}.png`) });
  }
} finally {
  await browser.close();
  child.kill();
}

// @ts-check
/** A browser for tests and pictures: Chromium, as an npm package. */
import chromium from "@sparticuz/chromium";
import { chromium as playwright } from "playwright-core";

/** What containers take; the package's own list, for functions in the cloud, turns off what pages are kept apart by. */
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"];

/** Starts it; the first time it is unpacked, which takes some seconds. `RUNLANE_CHROMIUM` names another one. */
export async function startBrowser() {
  chromium.setGraphicsMode = false;
  const executablePath = process.env.RUNLANE_CHROMIUM ?? (await chromium.executablePath());
  return playwright.launch({ executablePath, args: ARGS, headless: true });
}

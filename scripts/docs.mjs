// @ts-check
/**
 * `npm run docs`: the guide as a site, in site/dist. The pages are those of docs/, with a start page; the reference comes from the
 * docstrings. VitePress fails for a link that leads nowhere.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { at, fail, install, node, readJson, run } from "./lib.mjs";

const SITE = "site";
const PAGES = `${SITE}/pages`;

await install();
if (!existsSync(at(SITE, "node_modules/vitepress"))) {
  const installed = await run("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], {
    cwd: at(SITE),
    output: "inherit",
  });
  if (installed.code !== 0) fail("The packages of the site could not be installed.");
}
rmSync(at(PAGES), { recursive: true, force: true });
mkdirSync(at(PAGES), { recursive: true });
cpSync(at("docs"), at(PAGES), { recursive: true });
writeFileSync(at(PAGES, "index.md"), startPage());
await writeReference();
await step("vitepress", ["build", "."]);
console.log(`the site is in ${SITE}/dist`);

/** Runs a package of the site. A warning is a failure. */
async function step(/** @type {string} */ name, /** @type {string[]} */ args) {
  const { bin } = readJson(`${SITE}/node_modules/${name}/package.json`);
  const file = typeof bin === "string" ? bin : bin[name];
  const { code, output } = await node([at(SITE, "node_modules", name, file), ...args], { cwd: at(SITE) });
  process.stdout.write(output);
  if (code !== 0 || /\bwarn(?:ing)?\b/i.test(output)) fail(`${name} has complained.`);
}

/** The reference of every entry of the package, one folder for each. */
async function writeReference() {
  const entries = Object.values(readJson("package.json").exports).flatMap((target) =>
    typeof target === "string" ? [] : [target.types.replace("./dist/", "../src/").replace(/\.d\.ts$/, ".ts")],
  );
  const options = {
    entryPoints: entries,
    tsconfig: "tsconfig.json",
    plugin: ["typedoc-plugin-markdown"],
    out: "pages/reference",
    entryFileName: "index",
    readme: "none",
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    hideGenerator: true,
    disableSources: true,
    hidePageHeader: true,
    hideBreadcrumbs: true,
    logLevel: "Error",
    validation: false,
  };
  writeFileSync(at(SITE, "typedoc.json"), JSON.stringify(options, null, 2));
  await step("typedoc", ["--options", "typedoc.json"]);
  if (!existsSync(at(PAGES, "reference/index.md"))) fail("There is no reference.");
}

function startPage() {
  const { description } = readJson("package.json");
  const [, pitch = description] = /\*\*([\s\S]*?)\*\*/.exec(readFileSync(at("README.md"), "utf8")) ?? [];
  const features = [
    [
      "Change one import",
      "Same names, arguments and results as LangChain.js; its models, prompts and parsers are steps as they are.",
      "langchain",
    ],
    [
      "Batches that breathe",
      "One budget for all that is nested, bounded memory, chunks that find their size.",
      "batching",
    ],
    [
      "Threads with one word",
      "withLane sends any part of a chain to threads or processes, and the loop never stalls.",
      "lanes",
    ],
    [
      "Loaded once",
      "Models and connections load once in each worker, before the first input needs them.",
      "cold-starts",
    ],
    [
      "It shows itself",
      "A page while it runs, a watchdog with the guilty line, a doctor that proves its advice.",
      "inspector",
    ],
    ["From file to cluster", "A command for files, a server for HTTP, workers on other machines.", "command"],
  ];
  return `---
layout: home
hero:
  name: Runlane
  text: LCEL at the speed of functions
  tagline: ${JSON.stringify(pitch.replace(/\s+/g, " ").replaceAll("`", ""))}
  actions:
    - { theme: brand, text: First steps, link: /start }
    - { theme: alt, text: Switch from LangChain, link: /langchain }
features:
${features.map(([title, details, link]) => `  - { title: ${JSON.stringify(title)}, details: ${JSON.stringify(details)}, link: /${link} }`).join("\n")}
---
`;
}

// @ts-check
/** The guide as a site: `npm run docs` copies docs/ beside this, and writes the reference from the docstrings. */
import { existsSync, readFileSync } from "node:fs";
import { defineConfig } from "vitepress";

const reference = new URL("../pages/reference/typedoc-sidebar.json", import.meta.url);

/** @param {string} text @param {string} page */
const page = (text, page) => ({ text, link: `/${page}` });

export default defineConfig({
  title: "Runlane",
  description: "LCEL, the LangChain Expression Language, at the speed of functions.",
  srcDir: "pages",
  outDir: "dist",
  cacheDir: "cache",
  cleanUrls: true,
  lastUpdated: false,
  // The index of the search is one large chunk, which is loaded when somebody searches.
  vite: { build: { chunkSizeWarningLimit: 8000 } },
  // Examples are in the repository, not on the site; test/docs/links.test.ts sees that they are there.
  ignoreDeadLinks: [/\.\.\/(?:examples|README|ARCHITECTURE|CONTRIBUTING)/, /^https?:\/\/localhost/],
  themeConfig: {
    nav: [page("Guide", "start"), page("Reference", "reference/"), page("Figures", "figures")],
    search: { provider: "local" },
    outline: { level: [2, 3] },
    sidebar: [
      {
        text: "First steps",
        items: [
          page("Install, and a first chain", "start"),
          page("Switch from LangChain", "langchain"),
          page("TypeScript, CommonJS, Jest", "typescript"),
          page("The package", "package"),
          page("Runtimes", "runtimes"),
          page("Bundlers", "bundlers"),
        ],
      },
      {
        text: "Run it",
        items: [
          page("Batches", "batching"),
          page("Lanes", "lanes"),
          page("Resources and cold starts", "cold-starts"),
          page("The command", "command"),
        ],
      },
      {
        text: "Serve it",
        items: [page("HTTP", "serving"), page("Serverless", "serverless"), page("Cluster", "cluster")],
      },
      {
        text: "See it",
        items: [
          page("Inspector and reports", "inspector"),
          page("Doctor", "doctor"),
          page("Watchdog", "watchdog"),
          page("Observation", "observation"),
          page("Telemetry", "telemetry"),
          page("Graphs", "graphs"),
        ],
      },
      {
        text: "Build on it",
        items: [
          page("Schemas and tools", "schemas"),
          page("Configurable runnables", "configurable"),
          page("Saving and loading", "serialization"),
          page("Extending", "extending"),
          page("Errors", "errors"),
          page("Figures", "figures"),
        ],
      },
      ...(existsSync(reference)
        ? [{ text: "Reference", collapsed: true, items: JSON.parse(readFileSync(reference, "utf8")) }]
        : []),
    ],
  },
});

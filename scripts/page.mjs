// @ts-check
/**
 * Makes the page of the inspector: one file with its styles, its code and the hashes that a strict content security policy takes, which
 * asks nobody for anything but the program that it shows.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { at } from "./lib.mjs";

const SOURCE = "src/inspect/page";
export const PAGE = "dist/inspect/page.html";

/** @returns {Promise<{ code: number, output: string, files: string[] }>} */
export async function makePage() {
  const { build, formatMessages } = await import("esbuild");
  try {
    const { outputFiles } = await build({
      absWorkingDir: at(),
      entryPoints: [`${SOURCE}/main.tsx`, `${SOURCE}/style.css`],
      outdir: "dist/inspect",
      bundle: true,
      minify: true,
      format: "iife",
      target: "es2022",
      jsx: "automatic",
      jsxImportSource: "preact",
      legalComments: "none",
      write: false,
      logLevel: "silent",
    });
    const textOf = (/** @type {string} */ suffix) =>
      (outputFiles.find(({ path }) => path.endsWith(suffix))?.text ?? "").trimEnd();
    mkdirSync(at("dist/inspect"), { recursive: true });
    writeFileSync(at(PAGE), pageOf(readFileSync(at(SOURCE, "index.html"), "utf8"), textOf(".js"), textOf(".css")));
    return { code: 0, output: "", files: [PAGE] };
  } catch (error) {
    const { errors = [] } = /** @type {Partial<import("esbuild").BuildFailure>} */ (error);
    const output = errors.length > 0 ? (await formatMessages(errors, { kind: "error" })).join("") : String(error);
    return { code: 1, output, files: [] };
  }
}

/**
 * @param {string} html The page without code and styles.
 * @param {string} script
 * @param {string} style
 */
function pageOf(html, script, style) {
  const policy = [
    "default-src 'none'",
    `script-src '${hash(script)}'`,
    `style-src '${hash(style)}'`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return html
    .replace("</title>", () => `</title>\n<meta http-equiv="content-security-policy" content="${policy}">`)
    .replace("</head>", () => `<style>${style}</style>\n</head>`)
    .replace("</body>", () => `<script>${script}</script>\n</body>`);
}

const hash = (/** @type {string} */ text) => `sha256-${createHash("sha256").update(text).digest("base64")}`;

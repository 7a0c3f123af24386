// @ts-check
/**
 * Extracts the code snippets of README.md, docs/*.md and the docstrings in src/, and runs them: TypeScript is type-checked and compiled,
 * all at once, JavaScript runs on Node, shell lines run in the root of the repository with `runlane` on the path. All of them see the
 * built package. A snippet stays out with a reason: `<!-- no-run: needs a broker -->` on the line above it.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { at, command, node, passed, run, tally } from "./lib.mjs";

const FOLDER = ".cache/snippets";

/** @type {Record<string, "ts" | "mjs" | "sh" | undefined>} */
const KINDS = { ts: "ts", typescript: "ts", js: "mjs", javascript: "mjs", sh: "sh", bash: "sh", shell: "sh" };

/** Modules that examples of a reader's own modules import. */
const MODULES = {
  "score.ts": "export const score = (text: string): number => text.length;",
  "model.ts": "export const loadModel = async () => ({ predict: (text: string) => text.length, close() {} });",
};

/** @typedef {{ document: string, line: number, kind: "ts" | "mjs" | "sh", code: string, file: string, unmarked: boolean }} Snippet */

/** Finds the snippets of one document. `line` is the line of the opening fence. */
function extract(/** @type {string} */ document) {
  /** @type {Snippet[]} */
  const snippets = [];
  const text = readFileSync(at(document), "utf8").split("\n");
  // Of a source, what its comments say.
  const lines = document.endsWith(".ts") ? text.map((line) => /^ *\* ?(.*)$/.exec(line)?.[1] ?? "") : text;
  for (let index = 0; index < lines.length; index++) {
    const fence = /^( *)(`{3,}|~{3,}) *(\w*)/.exec(lines[index] ?? "");
    if (fence === null) continue;
    const [, indent = "", ticks, language = ""] = fence;
    const opened = index++;
    while (index < lines.length && lines[index]?.trim() !== ticks) index++;
    const kind = KINDS[language];
    const mark = /^<!-- *no-run\b:?(.*)-->$/.exec(lines[opened - 1]?.trim() ?? "");
    if (kind === undefined || mark?.[1]?.trim()) continue;
    const body = lines
      .slice(opened + 1, index)
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    // Blank lines in front keep the line numbers of the document.
    const code = `${"\n".repeat(opened + 1)}${body.join("\n")}\n`;
    const file = `${FOLDER}/${document.replaceAll("/", "-")}.${opened + 1}.${kind}`;
    snippets.push({ document, line: opened + 1, kind, code, file, unmarked: mark !== null });
  }
  return snippets;
}

/** Type-checks the TypeScript snippets, and compiles them into {@link COMPILED}. Returns the errors as lines. */
async function compile() {
  const compilerOptions = {
    noEmit: false,
    rootDir: ".",
    outDir: "js",
    sourceMap: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
    allowJs: false,
  };
  const config = { extends: "../../tsconfig.json", compilerOptions, include: ["*.ts"] };
  writeFileSync(at(FOLDER, "tsconfig.json"), JSON.stringify(config));
  const { code, output } = await node([command("typescript", "tsc"), "-p", FOLDER, "--pretty", "false"]);
  return code === 0 ? [] : output.trim().split("\n");
}

/** Runs one snippet. */
function execute(/** @type {Snippet} */ { kind, file }) {
  if (kind === "ts") return node(["--enable-source-maps", at(compiled(file))], { cwd: at(FOLDER) });
  if (kind === "mjs") return node([at(file)], { cwd: at(FOLDER) });
  const env = { PATH: [at(FOLDER, "bin"), at("node_modules/.bin"), process.env.PATH].join(delimiter) };
  return run("sh", ["-eu", at(file)], { env });
}

/** The JavaScript of a TypeScript snippet. */
const compiled = (/** @type {string} */ file) => file.replace(FOLDER, `${FOLDER}/js`).replace(/\.ts$/, ".js");

const sources = readdirSync(at("src"), { recursive: true, withFileTypes: true })
  .map((entry) => relative(at(), join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".ts"))
  .sort();
const documents = [
  "README.md",
  ...(existsSync(at("docs")) ? readdirSync(at("docs")).map((name) => `docs/${name}`) : []),
];
const snippets = [...documents.filter((path) => path.endsWith(".md") && existsSync(at(path))), ...sources].flatMap(
  extract,
);

rmSync(at(FOLDER), { recursive: true, force: true });
mkdirSync(at(FOLDER, "bin"), { recursive: true });
writeFileSync(at(FOLDER, "bin/runlane"), `#!/bin/sh\nexec node "${at("dist/cli/main.js")}" "$@"\n`);
chmodSync(at(FOLDER, "bin/runlane"), 0o755);
for (const { file, code } of snippets) writeFileSync(at(file), code);
for (const [file, code] of Object.entries(MODULES)) writeFileSync(at(FOLDER, file), code);

/**
 * Imports modules one after the other, and says after each that it is done. Those that fail are run again, each alone. It does not wait for
 * what a module has begun and nobody waits for, such as a server.
 */
const TOGETHER = `
for (const path of process.argv.slice(2)) {
  try {
    await import(path);
    console.log("\\ndone " + path);
  } catch {
    // It is run again, alone.
  }
}
process.stdout.write("", () => process.exit());
`;

/**
 * Runs compiled snippets in one process, as a process for each costs more than most of them. Returns those that came to their end; what
 * became of the others is found out by running each alone.
 */
async function executeTogether(/** @type {readonly Snippet[]} */ snippets) {
  const urls = snippets.map(({ file }) => pathToFileURL(at(compiled(file))).href);
  const args = ["--enable-source-maps", "--input-type=module", "-e", TOGETHER, "snippets", ...urls];
  const { output, stuck } = await node(args, { cwd: at(FOLDER) });
  // One of them does not let its process end.
  if (stuck !== undefined) return [];
  return snippets.filter((_, index) => output.includes(`\ndone ${urls[index]}\n`));
}

const typeErrors = await compile();
const errorsOf = (/** @type {Snippet} */ { file }) => typeErrors.filter((error) => error.startsWith(file));

/** The snippets of all pages share a process, and those of all docstrings: one that another one is in the way of is run again alone. */
const groups = new Map(snippets.map(({ document }) => [groupOf(document), /** @type {Snippet[]} */ ([])]));
for (const snippet of snippets) groups.get(groupOf(snippet.document))?.push(snippet);

function groupOf(/** @type {string} */ document) {
  return document.startsWith("src/") ? "docstrings" : "pages";
}

/** Runs the snippets of a group, and says what became of each. */
async function runGroup(/** @type {readonly Snippet[]} */ group) {
  const together = group.filter((snippet) => snippet.kind === "ts" && errorsOf(snippet).length === 0);
  const done = new Set(process.env.RUNLANE_TESTS === "all" ? [] : await executeTogether(together));
  for (const snippet of group) {
    const problems = await problemsOf(snippet, done.has(snippet));
    const { document, line, file } = snippet;
    if (problems.length === 0) {
      console.log(passed(`${document}:${line}`));
      continue;
    }
    failed++;
    const text = problems.join("\n").replaceAll(pathToFileURL(at(file)).href, document);
    console.log(`${document}:${line}\n${text.replaceAll(at(file), document).replaceAll(file, document)}`);
  }
}

/** What is wrong with a snippet, found out by running it if that is not known. */
async function problemsOf(/** @type {Snippet} */ snippet, /** @type {boolean} */ hasRun) {
  const problems = errorsOf(snippet);
  if (snippet.unmarked) problems.push("a no-run mark says why: <!-- no-run: the reason -->");
  if (problems.length > 0 || hasRun) return problems;
  const { code, output } = await execute(snippet);
  return code === 0 ? [] : [`exit code ${code}`, output];
}

// The longest first, so that the last ones are short.
const queue = [...groups.values()].sort((one, other) => other.length - one.length);
let failed = 0;
async function work() {
  for (let group = queue.shift(); group !== undefined; group = queue.shift()) await runGroup(group);
}
await Promise.all([work(), work()]);
const strays = typeErrors.filter((error) => !snippets.some(({ file }) => error.startsWith(file) || /^\s/.test(error)));
if (strays.length > 0) console.log(strays.join("\n"));
console.log(tally(snippets.length - failed, failed + (strays.length > 0 ? 1 : 0)));
process.exitCode = failed + strays.length > 0 ? 1 : 0;

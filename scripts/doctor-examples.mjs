// @ts-check
/**
 * `node scripts/doctor-examples.mjs`: runs a pipeline of the doctor's corpus for each finding, each in a process of its own, and writes what
 * the doctor printed into docs/doctor.md. `-- cpu-on-loop` does so for one.
 */
import { execFile, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { at, fail, root } from "./lib.mjs";

const PAGE = at("docs/doctor.md");
/** A place in the page: its finding, and what stands there. */
const PLACE = /<!-- doctor: ([\w-]+) -->\n[\s\S]*?<!-- \/doctor -->/g;
const [wanted, mode] = process.argv.slice(2);

/** Has the doctor look at the pipeline that has a finding, and prints what it says of that. @param {string} id */
async function examine(id) {
  const { diagnose, pageOf } = await import("runlane/doctor");
  /** @type {{ faulty: Record<string, any> }} */
  const { faulty } = await import("../test/diagnose/corpus/faulty.mjs");
  const [name, example] =
    Object.entries(faulty).find(([, { finding }]) => finding === id) ?? fail(`no pipeline has ${id}`);
  const others = "onlyBusy" in example ? [1, 2, 3].map(() => spawn(process.execPath, ["-e", "for (;;);"])) : [];
  const started = performance.now();
  if (id === "slow-import") await import("effect");
  const importMs = id === "slow-import" ? performance.now() - started : undefined;
  /** The first call of a pipeline that has loaded nothing. @param {boolean} warm */
  const firstCall = async (warm) => {
    const { pipeline, inputs } = example;
    if (warm) await pipeline.warm();
    const began = performance.now();
    await pipeline.invoke(inputs[0]);
    return performance.now() - began;
  };
  const { pipeline, inputs, options = {} } = example;
  const { findings } = await diagnose(pipeline, inputs, { ...options, importMs, firstCall });
  for (const one of others) one.kill();
  const found = findings.find((finding) => finding.id === id) ?? fail(`${id} is not found in "${name}"`);
  const text = pageOf({ findings: [found], tried: [], notes: [] });
  const entry = text.slice(text.search(new RegExp(`${id}: `))).replaceAll(`${root}/`, "");
  process.stdout.write(`“${name}”:\n\n\`\`\`text\n${entry}\n\`\`\``);
  process.exit();
}

if (mode === "--here" && wanted !== undefined) await examine(wanted);
let page = readFileSync(PAGE, "utf8");
for (const [place, id] of page.matchAll(PLACE)) {
  if (id === undefined || (wanted !== undefined && wanted !== id)) continue;
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(import.meta.url), id, "--here"]);
  page = page.replace(place, () => `<!-- doctor: ${id} -->\n${stdout}\n<!-- /doctor -->`);
  console.log(stdout);
  writeFileSync(PAGE, page);
}

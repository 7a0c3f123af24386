// @ts-check
/** Vitest's global setup. Workers and the command start from dist/, so what is there has to be made of the sources that are tested. */
import { bundleForTests } from "./build.mjs";

/** @param {import("vitest/node").TestProject} project */
export default async function setup(project) {
  await refresh();
  project.onTestsRerun(refresh);
}

async function refresh() {
  const { code, output } = await bundleForTests();
  if (code !== 0) throw new Error(output);
}

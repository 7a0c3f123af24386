/** Grades all texts on two workers, while a spinner turns. */
import { RunnableLambda, threads } from "runlane";
import { grade } from "./grade.js";

const pool = threads({ min: 2, max: 2 });
const graded = RunnableLambda.from(grade).withLane(pool);
const [spinner, result] = ["spinner", "result"].map((id) => document.getElementById(id));

/** Turns the spinner, and remembers the longest time between two frames. */
function startSpinner() {
  const seen = { longestFrameMs: 0, frames: 0, stopped: false };
  let last = performance.now();
  const turn = () => {
    const now = performance.now();
    seen.longestFrameMs = Math.max(seen.longestFrameMs, now - last);
    seen.frames++;
    last = now;
    spinner.style.rotate = `${now / 2}deg`;
    if (!seen.stopped) requestAnimationFrame(turn);
  };
  requestAnimationFrame(turn);
  return seen;
}

async function run() {
  const texts = await (await fetch("texts.json")).json();
  await graded.warm();
  const seen = startSpinner();
  const started = performance.now();
  const grades = await graded.batch(texts);
  seen.stopped = true;
  const counts = {};
  for (const one of grades) counts[one] = (counts[one] ?? 0) + 1;
  const ms = performance.now() - started;
  return { texts: texts.length, counts, ms, longestFrameMs: seen.longestFrameMs, frames: seen.frames };
}

globalThis.outcome = run().then((outcome) => {
  result.textContent = JSON.stringify(outcome, null, 2);
  return outcome;
});

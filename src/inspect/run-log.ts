import type { RunView } from "./state.ts";

/** So many of each are kept. */
const MOST_FAILED = 30;
const MOST_SLOWEST = 12;
const MOST_LATEST = 40;

/** The runs that are worth a look, in bounded memory: those that failed last, the slowest, and the latest. */
export class RunLog {
  private readonly failed: RunView[] = [];
  private slowest: RunView[] = [];
  private readonly latest: RunView[] = [];

  /** A run has ended. */
  add(run: RunView): void {
    if (run.state === "failed") {
      keep(this.failed, run, MOST_FAILED);
      return;
    }
    keep(this.latest, run, MOST_LATEST);
    const { slowest } = this;
    if (slowest.length === MOST_SLOWEST && (slowest.at(-1)!.ms ?? 0) >= (run.ms ?? 0)) return;
    this.slowest = [...slowest, run].sort((a, b) => (b.ms ?? 0) - (a.ms ?? 0)).slice(0, MOST_SLOWEST);
  }

  /** Whether the failure of an input is known. */
  hasFailed(chain: string, index: number): boolean {
    return this.failed.some((run) => run.index === index && run.chain === chain);
  }

  /** All of them, each once: failed ones first, the last ones of those first; then by when they began, the latest first. */
  get runs(): RunView[] {
    const others = new Set([...this.latest, ...this.slowest]);
    return [...this.failed.toReversed(), ...[...others].sort((a, b) => b.atMs - a.atMs)];
  }
}

function keep(runs: RunView[], run: RunView, most: number): void {
  runs.push(run);
  if (runs.length > most) runs.shift();
}

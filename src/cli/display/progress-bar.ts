import cliProgress from "cli-progress";
import type { ProgressMeter } from "../run/run-counts.ts";
import { formatCount, formatRate, formatRemaining } from "./format.ts";
import type { Progress } from "./progress.ts";

const REDRAW_MS = 100;
/** The bar's resolution. */
const FULL = 1000;

/** A bar with count, rate and remaining time, at the bottom of a terminal. */
export function startBar(meter: ProgressMeter, stderr: NodeJS.WriteStream): Progress {
  const known = meter.state().fraction !== undefined;
  const bar = new UnreferencedBar({
    stream: stderr,
    format: known ? "{bar} {percentage}% | {count} | {rate} | {left}" : "{count} | {rate} | {elapsed}",
    barsize: 30,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    hideCursor: true,
    // The command has its own way to end on Ctrl-C.
    gracefulExit: false,
    clearOnComplete: true,
    // Redraws are driven by the timer below, which does not keep the process alive.
    synchronousUpdate: false,
  });
  bar.start(FULL, progressValue(meter), describe(meter));
  const timer = setInterval(() => bar.show(meter), REDRAW_MS).unref();
  return {
    print: (line) => {
      // Ending the bar takes the cursor back to where it began, so the bar has to begin anew below the line.
      bar.stop();
      stderr.write(`${line}\n`);
      bar.start(FULL, progressValue(meter), describe(meter));
    },
    stop: () => {
      clearInterval(timer);
      bar.stop();
    },
  };
}

/** A bar whose timer keeps no process alive: that of cli-progress would, after its pipeline waits for nothing any more. */
class UnreferencedBar extends cliProgress.SingleBar {
  declare timer: NodeJS.Timeout | null;

  override render(): void {
    super.render();
    this.timer?.unref();
  }

  show(meter: ProgressMeter): void {
    this.update(progressValue(meter), describe(meter));
    this.render();
  }
}

function progressValue(meter: ProgressMeter): number {
  return Math.floor((meter.state().fraction ?? 0) * FULL);
}

function describe(meter: ProgressMeter): object {
  const { done, failed, perSecond, remainingMs, elapsedMs } = meter.state();
  return {
    count: `${formatCount(done)} done${failed === 0 ? "" : `, ${formatCount(failed)} failed`}`,
    rate: formatRate(perSecond),
    left: remainingMs === undefined ? "..." : `${formatRemaining(remainingMs)} left`,
    elapsed: formatRemaining(elapsedMs),
  };
}

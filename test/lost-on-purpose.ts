/**
 * Tests lose workers on purpose, and look at the warnings themselves. Node would print each, which hides what a failed test says; all other
 * warnings are printed as ever.
 */
const LOST = "RUNLANE_WORKER_LOST";
const [print] = process.listeners("warning");

if (print !== undefined && print.name !== LOST) {
  const filtered = {
    [LOST](warning: Error & { code?: string }): void {
      if (warning.code !== LOST) print(warning);
    },
  };
  process.off("warning", print);
  process.prependListener("warning", filtered[LOST]!);
}

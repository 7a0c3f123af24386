/** What `runlane help explain` says below the options. */
export const EXPLAIN_HELP = `
What is shown:
  One line per step: its stage, its lane, how many inputs travel together (chunk), and why it
  runs there. Steps of one stage run together; a fused stage is one hop for several steps.
  With --input, the inputs are run and each step gets its figures: inputs, failures, how long
  one input takes (p50, p99), and its share of the time of all steps. Nothing is written.

Examples:
  See where the steps of a pipeline run, and why:
    $ runlane explain classify.ts
  Run its first 500 rows, and see what each step takes:
    $ runlane explain classify.ts --input orders.csv --limit 500
  See whether a lane pays:
    $ runlane explain classify.ts --input orders.csv --lane thread
`;

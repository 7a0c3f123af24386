/** What `runlane help batch` says below the options. */
export const BATCH_HELP = `
Inputs:
  --input reads one input per line: .jsonl and .ndjson hold JSON values, .csv has a header
  and one object per row, anything else is text, one string per line. A dash reads standard
  input, as JSONL unless --format says otherwise.
  --files makes every matching file an input: its path. Patterns go in quotes.

Records:
  The output has one JSON record per input, in the order of the inputs:
    {"index":0,"output":...}
  Inputs that fail do not stop the run. They go to the errors file, with the step, the error
  and the input; it lies beside the output (out.errors.jsonl for out.jsonl).

Lanes:
  --lane thread runs the whole pipeline in worker threads, --lane process in child processes;
  each imports the module itself. --lane loop runs it on the event loop, with all of its steps.
  --lane auto moves it to threads when it turns out to be slow, if it does the same there.

What it shows:
  In the end: where each step ran, why there, and what it took; how often each resource was
  loaded; the totals. --warm loads all resources on every worker before the first input.

Exit codes:
  0 all inputs are done, 1 some have failed, 2 the run could not start or go on,
  130 stopped by Ctrl-C, 143 by SIGTERM. A stopped run says how to resume it.

Examples:
  Run a pipeline over a file, then look at what failed:
    $ runlane batch classify.ts --input reviews.jsonl --output labels.jsonl
    $ cat labels.errors.jsonl
  Run it over files, eight at a time:
    $ runlane batch summarize.ts --files "docs/**/*.md" --output out.jsonl --concurrency 8
  In a shell pipeline:
    $ zcat log.jsonl.gz | runlane batch parse.js --input - --quiet | jq .output
  On all cores, for a pipeline that computes:
    $ runlane batch stem.ts --input texts.txt --output stems.jsonl --lane thread
  Try it on the first ten rows, then run the rest:
    $ runlane batch enrich.ts --input orders.csv --output out.jsonl --limit 10
    $ runlane batch enrich.ts --input orders.csv --output out.jsonl --resume
`;

/** What `runlane --help` says below the commands. */
export const MAIN_HELP = `
A pipeline is a module whose default export is a runnable, a function or a LangChain runnable:

  import { RunnableLambda } from "runlane";
  export default RunnableLambda.from((text: string) => text.split(" ")).pipe((words) => words.length);

Examples:
  $ runlane batch pipeline.ts --input lines.txt --output counts.jsonl
  $ runlane explain pipeline.ts --input lines.txt
  $ runlane coldstart pipeline.ts --input '"to be or not to be"'
  $ runlane help batch
`;

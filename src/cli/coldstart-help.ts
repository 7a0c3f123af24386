/** What `runlane help coldstart` says below the options. */
export const COLDSTART_HELP = `
What is measured:
  Each start is a process of its own, measured from its start to the output of the first call:
  Node itself, tsx (where Node needs it for TypeScript), imports, the start of the workers of
  the pipeline's lanes, resources, and the first call. Modules are measured in one more start,
  since measuring them takes time. "self" is a module alone, "total" also what it imports first.

Exit codes:
  0 measured, 1 over the budget, 2 the pipeline could not be started, or its first call failed.

Examples:
  See what a start costs:
    $ runlane coldstart classify.ts --input '{"text":"good"}'
  In CI, refuse what makes it slow:
    $ runlane coldstart classify.ts --input '{"text":"good"}' --budget 400
`;

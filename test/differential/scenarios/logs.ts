import { add, boom, later, letters, upper } from "../functions.ts";
import { type Lib, log, type Scenario } from "../harness.ts";

const spell = (lib: Lib) => lib.RunnableSequence.from([upper, letters]);

export const logs: Scenario[] = [
  { name: "a lambda", build: (lib) => lib.RunnableLambda.from(add), drive: log(1) },
  { name: "a generator", build: (lib) => lib.RunnableLambda.from(letters), drive: log("ab") },
  { name: "a sequence", build: spell, drive: log("ab") },
  { name: "a sequence of equal steps", build: (lib) => lib.RunnableSequence.from([add, later, add]), drive: log(1) },
  {
    name: "a config's own name and tags",
    build: spell,
    drive: log("ab", { runName: "Run", tags: ["t"], metadata: { m: 1 } }),
  },
  { name: "a filter", build: spell, drive: log("ab", {}, { excludeTags: ["seq:step:1"] }) },
  { name: "a failing step", build: (lib) => lib.RunnableSequence.from([add, boom]), drive: log(1), fails: "own" },
];

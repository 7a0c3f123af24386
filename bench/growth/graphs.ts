/** Long chains: piping them together step by step, and drawing them. */
import { RunnableLambda, RunnableParallel } from "runlane";
import { type Row, row } from "../measure.ts";
import { grown, type Sized, TIMES } from "./cpu.ts";

const add = (x: number) => x + 1;
const piped = (steps: number) => {
  let chain: any = RunnableLambda.from(add);
  for (let count = 0; count < steps; count++) chain = chain.pipe(add);
  return chain;
};

const WAYS: Record<string, [make: (steps: number) => Sized, limit: number]> = {
  "pipe, and the first call": [(steps) => () => piped(steps).invoke(0), 100],
  "getGraph()": [
    (steps) => {
      const chain = piped(steps);
      return () => chain.getGraph();
    },
    300,
  ],
};

export async function graphs(quick: boolean): Promise<Row[]> {
  const steps = 1_000;
  const rows: Row[] = [];
  for (const [name, [make, limit]] of Object.entries(WAYS)) {
    const { small, large } = await grown(make, steps, quick ? 5 : 9);
    rows.push(row(`${name}, ${steps * TIMES} steps: CPU`, [large, "ms"], [`${TIMES} x ${steps}`, small], { max: 1.3 }));
    rows.push(row("the same", [large, "ms"], null, { limit }));
  }
  const keys = Array.from({ length: 1000 }, (_, index) => [`branch ${index}`, add] as const);
  const text = RunnableParallel.from<number>(Object.fromEntries(keys)).getGraph().drawMermaid();
  rows.push(row("Mermaid of a parallel of 1,000 keys", [text.length / 1000, "kB"], null, { limit: 300 }));
  return rows;
}

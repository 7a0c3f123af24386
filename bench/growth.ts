/** How costs grow with sizes: the CPU time per element of a large call against that of as many small ones. */
import { fanOuts } from "./growth/fan-outs.ts";
import { graphs } from "./growth/graphs.ts";
import { joins } from "./growth/joins.ts";
import type { Row, SuiteOptions } from "./measure.ts";

export async function growth({ quick }: SuiteOptions): Promise<Row[]> {
  return [...(await fanOuts(quick)), ...(await joins(quick)), ...(await graphs(quick))];
}

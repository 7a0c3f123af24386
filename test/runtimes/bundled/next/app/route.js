/** What a server of Next runs. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { RunnableLambda } from "runlane";
import { cellsOf, equal } from "../../../cells.mjs";
import { onBoth, seen } from "../../lanes.mjs";

/** A module that is not bundled, and copied as it is: `outputFileTracingIncludes`. */
const byPath = () =>
  onBoth(async (lane) => {
    const module = pathToFileURL(join(process.cwd(), "steps/quarter.mjs"));
    equal(await RunnableLambda.fromModule(module, "quarter", { lane }).invoke(4), 1);
  });

export const dynamic = "force-dynamic";
export const GET = async () =>
  Response.json({ ...(await seen()), ...(await cellsOf({ "fromModule, by its path": byPath })) });

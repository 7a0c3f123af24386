import { cells } from "../../../../bundled/cells.js";

export const dynamic = "force-dynamic";

export async function GET() {
  return Response.json(await cells());
}

import type { Runnable } from "../../runnables/runnable.ts";
import type { ServeOptions } from "../../serve/options.ts";
import { Service } from "../../serve/service.ts";
import { CliError, EXIT } from "../cli-error.ts";

/**
 * Speaks the Model Context Protocol over standard input and output until the client closes it.
 *
 * @throws CliError when no pipeline is a tool
 */
export async function serveMcpStdio(chains: Record<string, Runnable>, options: ServeOptions): Promise<number> {
  const { mcp } = new Service(chains, options);
  if (mcp.names.length === 0) {
    const needed =
      'export const description = "..." beside the pipeline, and withTypes({ input }) with a schema of an object';
    throw new CliError("RUNLANE_CLI_PIPELINE", `no pipeline can be a tool of an agent: it needs ${needed}`);
  }
  await mcp.serveStdio();
  return EXIT.done;
}

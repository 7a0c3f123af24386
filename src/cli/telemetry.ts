import { createRequire } from "node:module";
import { parse } from "node:path";
import { pathToFileURL } from "node:url";
import { CliError, messageOf, oneLine } from "./cli-error.ts";
import { absolutePath } from "./paths.ts";

/** The telemetry that `--otel` has started. */
export interface Telemetry {
  /** Sends all spans and metrics that have not been sent. It never rejects. */
  stop(): Promise<void>;
}

const SDK = "@opentelemetry/sdk-node";
/** The longest time that a collector without an answer holds up the end of the command, in milliseconds. */
const STOP_MS = 5000;

interface Sdk {
  start(): void;
  shutdown(): Promise<void>;
}

/**
 * Has spans and metrics sent to where the variables `OTEL_*` say: by the SDK that the program was started with, else by the one that the
 * project of the pipeline has installed.
 *
 * @throws CliError RUNLANE_CLI_START when there is none
 */
export async function startTelemetry(pipeline: string): Promise<Telemetry> {
  nameService(pipeline);
  const { sdkDetector } = await import("../adapters/opentelemetry/api.ts");
  const { instrument } = await import("../adapters/opentelemetry/instrument.ts");
  let sdk: Sdk | undefined;
  try {
    const hasSdk = sdkDetector(await import("@opentelemetry/api"));
    if (!hasSdk()) sdk = await startSdk(pipeline);
    const instrumentation = await instrument();
    return {
      async stop() {
        instrumentation.stop();
        if (sdk !== undefined) await shutDown(sdk);
      },
    };
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw new CliError("RUNLANE_CLI_START", `--otel: ${messageOf(cause)}`, { cause });
  }
}

/** Names the service after the pipeline, unless it has a name: spans of an unknown service are of no use. */
function nameService(pipeline: string): void {
  const { env } = process;
  if (env.OTEL_RESOURCE_ATTRIBUTES?.includes("service.name=")) return;
  env.OTEL_SERVICE_NAME ??= parse(pipeline).name;
}

async function startSdk(pipeline: string): Promise<Sdk> {
  for (const place of [absolutePath(pipeline), import.meta.filename]) {
    let path: string;
    try {
      path = createRequire(place).resolve(SDK);
    } catch {
      continue;
    }
    const { NodeSDK } = (await import(pathToFileURL(path).href)) as { NodeSDK: new () => Sdk };
    const sdk = new NodeSDK();
    sdk.start();
    return sdk;
  }
  throw new CliError("RUNLANE_CLI_START", `--otel needs an SDK: npm install @opentelemetry/api ${SDK}`);
}

async function shutDown(sdk: Sdk): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the collector did not answer within ${STOP_MS} ms`)), STOP_MS);
  });
  try {
    await Promise.race([sdk.shutdown(), late]);
  } catch (error) {
    process.stderr.write(`runlane: not all telemetry was sent: ${oneLine(messageOf(error))}\n`);
  } finally {
    clearTimeout(timer);
  }
}

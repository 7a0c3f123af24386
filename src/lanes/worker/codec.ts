import type { WorkerStep } from "./stages.ts";

/** The worker's side of shipping: how stages and values arrive, and how outputs and errors leave. */

interface ModuleStage {
  readonly kind: "module";
  readonly url: string;
  readonly exportName: string;
}

export async function reviveStage(shipped: unknown): Promise<WorkerStep> {
  const { url, exportName } = shipped as ModuleStage;
  const exported = (await import(url))[exportName];
  if (typeof exported !== "function") throw new TypeError(`${url} has no function called ${exportName}.`);
  return { run: exported, stream: exported };
}

export function unpackInput(value: unknown): unknown {
  return value;
}

export function packOutput(value: unknown, _transfer: unknown[]): unknown {
  return value;
}

export function packError(error: unknown): unknown {
  return error;
}

import type { JsonSchema } from "../../core/schema/json-schema.ts";
import { toJsonSchema } from "../../graph/schema.ts";
import { RunnableSequence } from "../../runnables/kinds/sequence.ts";
import { RunnableWithTypes } from "../../runnables/kinds/with-types.ts";
import type { Runnable } from "../../runnables/runnable.ts";

/** The JSON schema of a chain's input or output, as far as its types say; that of its config lists the configurable keys. */
export function schemaOf(runnable: Runnable, kind: "input" | "output" | "config"): JsonSchema {
  if (kind === "config") return configSchema(runnable);
  const typed = typesOf(runnable, kind);
  const schema = kind === "input" ? typed?.inputSchema : typed?.outputSchema;
  const title = runnable.getName(kind === "input" ? "Input" : "Output");
  return schema === undefined ? { title } : { title, ...toJsonSchema(schema) };
}

/** The schema of a chain's input, if its types say. */
export function schemaIn(runnable: Runnable): unknown {
  return typesOf(runnable, "input")?.inputSchema;
}

/** The step whose types are those of the chain: itself, or the first or last one in it. */
function typesOf(runnable: unknown, kind: "input" | "output"): RunnableWithTypes | undefined {
  if (runnable instanceof RunnableWithTypes) {
    const has = kind === "input" ? runnable.inputSchema : runnable.outputSchema;
    return has === undefined ? typesOf(runnable.bound, kind) : runnable;
  }
  if (runnable instanceof RunnableSequence) return typesOf(runnable.steps.at(kind === "input" ? 0 : -1), kind);
  return undefined;
}

function configSchema(runnable: Runnable): JsonSchema {
  const specs = runnable.configSpecs();
  const fields = specs.map(({ id, name, description, default: value }) => [
    id,
    {
      ...(name === undefined ? {} : { title: name }),
      ...(description === undefined ? {} : { description }),
      ...(value === undefined ? {} : { default: value }),
    },
  ]);
  const properties =
    fields.length === 0 ? {} : { configurable: { type: "object", properties: Object.fromEntries(fields) } };
  return { title: runnable.getName("Config"), type: "object", properties };
}

import type { JsonSchema } from "../../core/schema/json-schema.ts";
import { schemaOf } from "../langserve/schemas.ts";
import type { ServedChain } from "../served-chain.ts";

/** The options of a description of the interface, besides the chains. */
export interface OpenApiOptions {
  readonly version: string;
  /** Whether requests need a bearer token. */
  readonly isProtected: boolean;
  /** The number of inputs that a batch may have. */
  readonly maxBatchInputs: number;
}

const ERRORS: Readonly<Record<string, string>> = {
  400: "The body is not JSON.",
  401: "There is no valid token.",
  413: "The body is too large.",
  422: "The body, or the input in it, has not what it should have.",
  500: "A step failed.",
  503: "The server has too much to do.",
  504: "The run took too long.",
};

/** The interface of the server as an OpenAPI 3.1 document, with the schemas that the types of the chains have. */
export function openApi(
  chains: readonly ServedChain[],
  { version, isProtected, maxBatchInputs }: OpenApiOptions,
): JsonSchema {
  const paths = Object.fromEntries(chains.flatMap((chain) => pathsOf(chain, isProtected, maxBatchInputs)));
  return {
    openapi: "3.1.0",
    info: { title: chains.map(({ name }) => name).join(", "), version },
    paths,
    ...(isProtected ? { components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } } } : {}),
  };
}

function pathsOf(chain: ServedChain, isProtected: boolean, maxItems: number): [string, JsonSchema][] {
  const { name, path, runnable } = chain;
  const input = withoutDialect(schemaOf(runnable, "input"));
  const output = withoutDialect(schemaOf(runnable, "output"));
  const config = withoutDialect(schemaOf(runnable, "config"));
  const run = { type: "string", format: "uuid" };
  const request = (properties: Record<string, JsonSchema>, required: string[]) =>
    json({ type: "object", properties, required });
  const one = request({ input, config }, ["input"]);
  const events = { "text/event-stream": { schema: { type: "string" } } };
  const invoked = {
    type: "object",
    properties: { output, metadata: { type: "object", properties: { run_id: run } } },
  };
  const batched = { type: "object", properties: { output: { type: "array", items: output } } };
  const many = {
    inputs: { type: "array", items: input, maxItems },
    config: { anyOf: [config, { type: "array", items: config }] },
  };
  const post = (what: string, endpoint: string, body: JsonSchema, content: JsonSchema): [string, JsonSchema] => [
    `${path}/${endpoint}`,
    {
      post: {
        operationId: `${name}_${endpoint}`,
        tags: [name],
        summary: what,
        requestBody: { required: true, content: body },
        responses: { 200: { description: what, content }, ...errorsOf(isProtected) },
        ...(isProtected ? { security: [{ token: [] }] } : {}),
      },
    },
  ];
  const messages = request({ messages: { type: "array", items: { type: "object" }, minItems: 1 } }, ["messages"]);
  return [
    post("One input, one output", "invoke", one, json(invoked)),
    post("Many inputs, one output each", "batch", request(many, ["inputs"]), json(batched)),
    post("The chunks of the output", "stream", one, events),
    post("The events of the run", "stream_events", one, events),
    post("The run as patches of a log", "stream_log", one, events),
    post("The stream of a UI message of the AI SDK", "chat", messages, events),
  ];
}

function json(schema: JsonSchema): JsonSchema {
  return { "application/json": { schema } };
}

function errorsOf(isProtected: boolean): Record<string, JsonSchema> {
  const codes = Object.keys(ERRORS).filter((status) => isProtected || status !== "401");
  return Object.fromEntries(codes.map((status) => [status, { description: ERRORS[status] }]));
}

/** A schema without its dialect: inside of a document it has that of the document. */
function withoutDialect({ $schema: _, ...schema }: JsonSchema): JsonSchema {
  return schema;
}

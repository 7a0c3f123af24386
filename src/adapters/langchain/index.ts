export { load } from "./load.ts";
export { toLangChain } from "./to-langchain.ts";
export { traceFromEnvironment } from "./tracing.ts";

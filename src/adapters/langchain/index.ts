export { load } from "./load.ts";
export { registerLangChainClasses } from "./register-classes.ts";
export { toLangChain } from "./to-langchain.ts";
export { traceFromEnvironment } from "./tracing.ts";

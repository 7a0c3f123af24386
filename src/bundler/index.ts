export { esbuildPlugin } from "./esbuild.ts";
export { rollupPlugin } from "./rollup.ts";

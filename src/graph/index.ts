export { Graph } from "./graph.ts";
export type {
  DrawMermaidOptions,
  DrawMermaidPngOptions,
  Edge,
  GraphRunnable,
  Node,
  RunnableIOSchema,
} from "./types.ts";

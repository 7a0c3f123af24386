/** A runnable in a graph: Runlane's, LangChain's, or anything that has a name and the mark of a runnable. */
export interface GraphRunnable {
  readonly lc_id: string[];
  getName(suffix?: string): string;
}

/** The schema of an input or an output: a name, and a schema of any library, or a JSON schema. */
export interface RunnableIOSchema {
  /** The name in the box. */
  name?: string | undefined;
  /** The schema itself. */
  schema?: unknown;
}

/** A box of a graph: a runnable, or the schema of an input or output. */
export interface Node {
  /** A UUID, or a name that is unique in the graph. Names with colons (`agent:plan`) are drawn inside each other. */
  id: string;
  /** The text in the box. */
  name: string;
  data: GraphRunnable | RunnableIOSchema;
  /** Shown under the name, one line for each entry. */
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own type
  metadata?: Record<string, any> | undefined;
}

/** An arrow of a graph. */
export interface Edge {
  /** The id of the node that it starts at. */
  source: string;
  /** The id of the node that it points to. */
  target: string;
  /** The label of the edge. */
  data?: string | undefined;
  /** Whether the edge is taken only sometimes. Such edges are dotted. */
  conditional?: boolean | undefined;
  /** Whether the edge leads back to where the run came from. Such edges do not count in the search for the first and the last node. */
  back?: boolean | undefined;
}

/** The options of a graph's Mermaid text. */
export interface DrawMermaidOptions {
  /** Whether nodes have labels, shapes and colors. @default true */
  withStyles?: boolean | undefined;
  /** Mermaid's name of a curve, for example `basis` or `stepBefore`. @default "linear" */
  curveStyle?: string | undefined;
  /** The CSS of the classes `default`, `first` and `last`. */
  nodeColors?: Record<string, string> | undefined;
  /** The number of words in a line of an edge's label. @default 9 */
  wrapLabelNWords?: number | undefined;
}

/** The options of a graph's picture. */
export interface DrawMermaidPngOptions extends DrawMermaidOptions {
  /** A CSS color, or `transparent`. @default "white" */
  backgroundColor?: string | undefined;
}

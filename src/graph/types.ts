/** A runnable as a graph sees it: Runlane's, LangChain's, or anything that has a name and says that it is one. */
export interface GraphRunnable {
  readonly lc_id: string[];
  getName(suffix?: string): string;
}

/** The schema of an input or an output: a name, and a schema of any library, or a JSON schema. */
export interface RunnableIOSchema {
  name?: string | undefined;
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
  /** Its label. */
  data?: string | undefined;
  /** Whether it is taken only sometimes. Such edges are dotted. */
  conditional?: boolean | undefined;
  /** Whether it leads back to where the run came from: it does not count when the first and the last node are looked for. */
  back?: boolean | undefined;
}

/** How the Mermaid text of a graph looks. */
export interface DrawMermaidOptions {
  /** Whether nodes have labels, shapes and colors. @default true */
  withStyles?: boolean | undefined;
  /** Mermaid's name of a curve, for example `basis` or `stepBefore`. @default "linear" */
  curveStyle?: string | undefined;
  /** The CSS of the classes `default`, `first` and `last`. */
  nodeColors?: Record<string, string> | undefined;
  /** After how many words the label of an edge goes on in a new line. @default 9 */
  wrapLabelNWords?: number | undefined;
}

/** How the picture of a graph looks. */
export interface DrawMermaidPngOptions extends DrawMermaidOptions {
  /** A CSS color, or `transparent`. @default "white" */
  backgroundColor?: string | undefined;
}

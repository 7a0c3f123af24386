import { describe, runlaneError } from "../core/errors/errors.ts";
import type { DrawMermaidOptions, Edge, Node } from "./types.ts";

const NODE_COLORS = {
  default: "fill:#f2f0ff,line-height:1.2",
  first: "fill-opacity:0",
  last: "fill:#bfb6fc",
};

/** The options of a drawing, and the ends of the graph. */
export interface DrawingOptions extends DrawMermaidOptions {
  firstNode?: string | undefined;
  lastNode?: string | undefined;
}

/** A dialect writes the pieces of a Mermaid text. There is one for Mermaid and one for the renderer of pictures. */
export interface Dialect {
  readonly header: string;
  /** The end of an edge's line. */
  readonly stop: string;
  /** Whether a node has to be declared again in the frame that it belongs to. */
  readonly declaresInFrames: boolean;
  /** A node's declaration. `end` says which end of the graph it is, if any. */
  node(id: string, node: Node, end: "first" | "last" | undefined): string;
  /** The text between the two ids of an edge. */
  arrow(label: readonly string[] | undefined, conditional: boolean): string;
  /** The name of a frame. `path` has the names of the frames around it too. */
  frame(path: string): string;
  /** The line that gives a class its colors. */
  style(name: string, css: string): string;
}

/**
 * The Mermaid text of a graph, byte for byte LangChain's, except where that would not be valid Mermaid or would show something
 * else: ids that are Mermaid's own words or become equal once escaped, brackets in names, arrows in labels, and frames without edges
 * of their own.
 *
 * @param dialect How the pieces are written.
 * @throws RUNLANE_INVALID_OPTION
 */
export function drawMermaid(
  nodes: Record<string, Node>,
  edges: readonly Edge[],
  options: DrawingOptions,
  dialect: Dialect = mermaid,
): string {
  const { withStyles = true, curveStyle = "linear", nodeColors = NODE_COLORS, wrapLabelNWords = 9 } = options;
  if (!(wrapLabelNWords >= 1)) {
    const found = { where: "drawMermaid", option: "wrapLabelNWords", received: describe(wrapLabelNWords) };
    throw runlaneError("RUNLANE_INVALID_OPTION", { ...found, expected: "a number of at least 1" });
  }
  const ids = safeIds(nodes);
  const declare = (id: string): string => {
    const first = id === options.firstNode ? "first" : undefined;
    return dialect.node(ids.get(id) as string, nodes[id] as Node, id === options.lastNode ? "last" : first);
  };
  let text = withStyles ? `%%{init: {'flowchart': {'curve': '${curveStyle}'}}}%%\n${dialect.header}` : dialect.header;
  if (withStyles) for (const id of Object.keys(nodes)) text += `\t${declare(id)}\n`;

  const groups = groupEdges(edges);
  const inside = nesting(groups);
  const framed = new Set<string>();
  const draw = (prefix: string): void => {
    const own = groups.get(prefix) as readonly Edge[];
    const isFrame = prefix !== "" && !(own.length > 0 && own.every(({ source, target }) => source === target));
    if (isFrame) text += `\tsubgraph ${dialect.frame(prefix)}\n`;
    for (const inner of inside.get(prefix) ?? []) draw(inner);
    if (isFrame && withStyles && dialect.declaresInFrames) {
      for (const id of own.flatMap(({ source, target }) => [source, target])) {
        if (!framed.has(id)) text += `\t${declare(id)}\n`;
        framed.add(id);
      }
    }
    for (const { source, target, data, conditional = false } of own) {
      const label = data === undefined ? undefined : wrap(data, wrapLabelNWords);
      text += `\t${ids.get(source) ?? source}${dialect.arrow(label, conditional)}${ids.get(target) ?? target}${dialect.stop}\n`;
    }
    if (isFrame) text += "\tend\n";
  };
  if (groups.has("")) draw("");
  for (const prefix of groups.keys()) if (prefix !== "" && !prefix.includes(":")) draw(prefix);

  if (withStyles) for (const [name, css] of Object.entries(nodeColors)) text += `\t${dialect.style(name, css)}\n`;
  return text;
}

/** Words that Mermaid reads as its own when they stand at the start of a line. */
const RESERVED = /^(?:end|graph|flowchart|subgraph|style|linkStyle|class|classDef|click|direction)$/;

/** The number of characters after which an id is cut off: it is written once for each edge. */
const LONG_ID = 200;
const SHORT_ID = 40;

/** Ids that Mermaid can read, unique as the ids themselves are. */
function safeIds(nodes: Record<string, Node>): Map<string, string> {
  const ids = new Map<string, string>();
  const taken = new Set<string>();
  for (const id of Object.keys(nodes)) {
    // The name of a parallel has all its keys, and would stand on every edge.
    const escaped = (id.length > LONG_ID ? id.slice(0, SHORT_ID) : id).replace(/[^a-zA-Z-_0-9]/g, "_");
    let safe = RESERVED.test(escaped) ? `${escaped}_` : escaped;
    for (let count = 2; taken.has(safe); count++) safe = `${escaped}_${count}`;
    taken.add(safe);
    ids.set(id, safe);
  }
  return ids;
}

/** Edges by the frame that both ends stand in; an edge from a node to itself by the node. Frames around frames are there too. */
function groupEdges(edges: readonly Edge[]): Map<string, Edge[]> {
  const groups = new Map<string, Edge[]>();
  for (const edge of edges) {
    const target = edge.target.split(":");
    const source = edge.source.split(":");
    const fork = source.findIndex((part, index) => part !== target[index]);
    const path = (fork === -1 ? source : source.slice(0, fork)).slice(0, MOST_FRAMES);
    for (let depth = 1; depth < path.length; depth++) {
      const around = path.slice(0, depth).join(":");
      if (!groups.has(around)) groups.set(around, []);
    }
    const prefix = path.join(":");
    const group = groups.get(prefix);
    if (group === undefined) groups.set(prefix, [edge]);
    else group.push(edge);
  }
  return groups;
}

/** The number of frames in frames that are drawn: a name of thousands of colons is no drawing. */
const MOST_FRAMES = 100;

/** The frames inside of each frame. */
function nesting(groups: ReadonlyMap<string, unknown>): Map<string, string[]> {
  const inside = new Map<string, string[]>();
  for (const path of groups.keys()) {
    const end = path.lastIndexOf(":");
    if (end === -1) continue;
    const around = path.slice(0, end);
    const others = inside.get(around);
    if (others === undefined) inside.set(around, [path]);
    else others.push(path);
  }
  return inside;
}

/** The lines of a label. */
function wrap(label: string, wordsPerLine: number): string[] {
  const words = label.split(" ");
  const lines: string[] = [];
  while (words.length > 0) lines.push(words.splice(0, wordsPerLine).join(" "));
  return lines;
}

/** Mermaid's own syntax, written as LangChain writes it. */
const mermaid: Dialect = {
  header: "graph TD;\n",
  stop: ";",
  declaresInFrames: false,
  node(id, node, end) {
    const name = readableName(node);
    let label = escapeName(name);
    // Markdown at both ends would be taken for formatting.
    if (["*", "_", "`"].some((mark) => name.startsWith(mark) && name.endsWith(mark))) label = `<p>${label}</p>`;
    const lines = metadataLines(node).map(escapeText);
    if (lines.length > 0) label += `<hr/><small><em>${lines.join("\n")}</em></small>`;
    return end === undefined ? `${id}(${label})` : `${id}([${label}]):::${end}`;
  },
  arrow(label, conditional) {
    if (label === undefined) return conditional ? " -.-> " : " --> ";
    // Characters that look like the rest of an arrow would end the label.
    const lines = label.map((line) => escapeControls(line).replaceAll("--", "#45;#45;").replaceAll(".-", "#46;-"));
    const text = `&nbsp;${lines.join("&nbsp;<br>&nbsp;")}&nbsp;`;
    return conditional ? ` -. ${text} .-> ` : ` -- ${text} --> `;
  },
  frame: (path) => escapeControls(path.slice(path.lastIndexOf(":") + 1)),
  style: (name, css) => `classDef ${name} ${css};`,
};

/** The name of a node without the names of the frames around it. */
export function readableName(node: Node): string {
  return node.name.split(":").at(-1) as string;
}

/** Metadata as lines: values that are neither plain nor arrays of plain values are left out. */
export function metadataLines(node: Node): string[] {
  return Object.entries(node.metadata ?? {}).flatMap(([key, value]) => {
    if (isScalar(value)) return [`${key} = ${value}`];
    return Array.isArray(value) && value.every(isScalar) ? [`${key} = ${value.join(",")}`] : [];
  });
}

function isScalar(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/** Mermaid's code for a character that means something to it. */
const entity = (char: string): string => (char === '"' ? "#quot;" : `#${char.charCodeAt(0)};`);

/** Escapes line ends, which would begin a statement, and control characters, which are commands to the terminal that shows the text. */
function escapeControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, entity);
}

function escapeText(text: string): string {
  return escapeControls(text).replace(/[#[\](){}"<>|]/g, entity);
}

/**
 * LangChain leaves names as they are: markup in them is meant. But brackets and quotes end a label, and the keys of a parallel would
 * pass for a tag.
 */
function escapeName(name: string): string {
  return escapeControls(name)
    .replace(/[[\](){}"|]/g, entity)
    .replace(/^Parallel<(.*)>(Input|Output)$/, "Parallel#60;$1#62;$2");
}

import { type Dialect, mermaid } from "./mermaid-dialect.ts";
import type { DrawMermaidOptions, Edge, Node } from "./types.ts";

const NODE_COLORS = {
  default: "fill:#f2f0ff,line-height:1.2",
  first: "fill-opacity:0",
  last: "fill:#bfb6fc",
};

/** What a drawing needs to know besides nodes and edges. */
export interface DrawingOptions extends DrawMermaidOptions {
  firstNode?: string | undefined;
  lastNode?: string | undefined;
}

/**
 * The Mermaid text of a graph, byte for byte LangChain's, except where that would not be valid Mermaid or would show something
 * else: ids that are Mermaid's own words or become equal once escaped, brackets in labels, and frames without edges of their own.
 *
 * @param dialect How the pieces are written.
 */
export function drawMermaid(
  nodes: Record<string, Node>,
  edges: readonly Edge[],
  options: DrawingOptions,
  dialect: Dialect = mermaid,
): string {
  const { withStyles = true, curveStyle = "linear", nodeColors = NODE_COLORS, wrapLabelNWords = 9 } = options;
  const ids = safeIds(nodes);
  const declare = (id: string): string => {
    const first = id === options.firstNode ? "first" : undefined;
    return dialect.node(ids.get(id) as string, nodes[id] as Node, id === options.lastNode ? "last" : first);
  };
  let text = withStyles ? `%%{init: {'flowchart': {'curve': '${curveStyle}'}}}%%\n${dialect.header}` : dialect.header;
  if (withStyles) for (const id of Object.keys(nodes)) text += `\t${declare(id)}\n`;

  const groups = groupEdges(edges);
  const framed = new Set<string>();
  const draw = (prefix: string): void => {
    const own = groups.get(prefix) as readonly Edge[];
    const depth = prefix.split(":").length;
    const isFrame = prefix !== "" && !(own.length > 0 && own.every(({ source, target }) => source === target));
    if (isFrame) text += `\tsubgraph ${dialect.frame(prefix.split(":").at(-1) as string)}\n`;
    for (const inner of groups.keys())
      if (prefix !== "" && inner.startsWith(`${prefix}:`) && inner.split(":").length === depth + 1) draw(inner);
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

/** Ids that Mermaid can read, unique as the ids themselves are. */
function safeIds(nodes: Record<string, Node>): Map<string, string> {
  const ids = new Map<string, string>();
  const taken = new Set<string>();
  for (const id of Object.keys(nodes)) {
    const escaped = id.replace(/[^a-zA-Z-_0-9]/g, "_");
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
    const path = fork === -1 ? source : source.slice(0, fork);
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

/** The lines of a label. */
function wrap(label: string, wordsPerLine: number): string[] {
  const words = label.split(" ");
  const lines: string[] = [];
  for (let from = 0; from < words.length; from += wordsPerLine)
    lines.push(words.slice(from, from + wordsPerLine).join(" "));
  return lines;
}

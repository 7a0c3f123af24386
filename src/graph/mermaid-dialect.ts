import type { Node } from "./types.ts";

/** How the pieces of a Mermaid text are written. There is one for Mermaid and one for the renderer of pictures. */
export interface Dialect {
  readonly header: string;
  /** What ends an edge. */
  readonly stop: string;
  /** Whether a node has to be declared again in the frame that it belongs to. */
  readonly declaresInFrames: boolean;
  /** A node's declaration. `end` says which end of the graph it is, if any. */
  node(id: string, node: Node, end: "first" | "last" | undefined): string;
  /** What stands between the two ids of an edge. */
  arrow(label: readonly string[] | undefined, conditional: boolean): string;
  /** What names a frame. */
  frame(name: string): string;
  /** What gives a class its colors. */
  style(name: string, css: string): string;
}

/** Mermaid's own syntax, written as LangChain writes it. */
export const mermaid: Dialect = {
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
    const text = `&nbsp;${label.join("&nbsp;<br>&nbsp;")}&nbsp;`;
    return conditional ? ` -. ${text} .-> ` : ` -- ${text} --> `;
  },
  frame: (name) => name,
  style: (name, css) => `classDef ${name} ${css};`,
};

/** The name of a node without the names of the frames around it. */
export function readableName(node: Node): string {
  return node.name.split(":").at(-1) as string;
}

/** Metadata as lines: what is neither plain nor an array of plain values is left out. */
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

function escapeText(text: string): string {
  return text.replace(/[#[\](){}"<>|]/g, entity);
}

/**
 * LangChain leaves names as they are: markup in them is meant. But brackets and quotes end a label, and the keys of a parallel would
 * pass for a tag.
 */
function escapeName(name: string): string {
  return name.replace(/[[\](){}"|]/g, entity).replace(/^Parallel<(.*)>(Input|Output)$/, "Parallel#60;$1#62;$2");
}

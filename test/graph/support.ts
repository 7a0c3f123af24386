/** A text with each UUID replaced by its number in the order of appearance, so that two drawings can be compared. */
export function numbered(text: string): string {
  const seen = new Map<string, number>();
  return text.replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, (uuid) => {
    if (!seen.has(uuid)) seen.set(uuid, seen.size);
    return `#${seen.get(uuid)}`;
  });
}

interface Drawn {
  nodes: Record<string, { id: string; name: string }>;
  edges: { source: string; target: string; data?: string | undefined; conditional?: boolean | undefined }[];
}

/** The edges of a graph by the names of their ends: `a -> b`, `a .label.> b` when conditional. */
export function arrows(graph: unknown): string[] {
  const { nodes, edges } = graph as Drawn;
  return edges.map(({ source, target, data, conditional }) => {
    const line = conditional ? `.${data ?? ""}.>` : data === undefined ? "->" : `-${data}->`;
    return `${nodes[source]?.name} ${line} ${nodes[target]?.name}`;
  });
}

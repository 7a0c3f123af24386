import { type Dialect, metadataLines, readableName } from "./mermaid.ts";

/**
 * The part of Mermaid that beautiful-mermaid reads: no entities and no markup but `<i>` and `<br>` in labels, no default class, and
 * nodes in frames only where they are declared there. Characters that mean something to its parser travel as stand-ins from a
 * private range of Unicode; {@link finishSvg} puts them back.
 */
export const pictureDialect: Dialect = {
  header: "graph TD\n",
  stop: "",
  declaresInFrames: true,
  node(id, node, end) {
    const label = [veil(readableName(node)), ...metadataLines(node).map((line) => `<i>${veil(line)}</i>`)].join("<br>");
    return end === undefined ? `${id}(${label}):::default` : `${id}([${label}]):::${end}`;
  },
  arrow(label, conditional) {
    const arrow = conditional ? "-.->" : "-->";
    return label === undefined ? ` ${arrow} ` : ` ${arrow}|${label.map(veil).join("<br>")}| `;
  },
  frame: (path) => `frame_${path.replace(/\W/g, "_")} [${veil(path.split(":").at(-1) as string)}]`,
  style: (name, css) => `classDef ${name} ${css.replace(/fill-opacity:\s*0(?![.\d])/, "fill:none")}`,
};

const STAND_INS = 0xe000;

/** Replaces characters that the parser would not take for text. Line breaks and fixed spaces are the two pieces of HTML in labels. */
function veil(text: string): string {
  const plain = text.replace(/&nbsp;/g, " ").replace(/<br\s*\/?>/gi, "\n");
  const lines = plain.split("\n").map((line) => line.replace(/[^\p{L}\p{N} .,=]/gu, standIn) || standIn(" "));
  return lines.join("<br>");
}

function standIn(char: string): string {
  const code = char.charCodeAt(0);
  return code < 0x80 ? String.fromCharCode(STAND_INS + code) : char;
}

/** The colors of the picture. The renderer writes them as CSS variables, which only browsers read. */
const COLORS: Readonly<Record<string, string>> = {
  "_text-sec": "#52525b",
  _text: "#27272a",
  _line: "#71717a",
  _arrow: "#3f3f46",
  "_node-fill": "#f2f0ff",
  "_node-stroke": "#9370db",
  "_group-fill": "#fcfbff",
  "_group-hdr": "#f2f0ff",
  "_inner-stroke": "#e4e4e7",
};

/** The fonts of the picture: the first one that is installed is used. Without quotes: resvg finds no quoted name after a blank. */
const FONT = "Inter, Helvetica, Arial, Segoe UI, Roboto, Noto Sans, Liberation Sans, DejaVu Sans, sans-serif";

/** Makes a picture of its own of the renderer's SVG: no variables, no fonts from the network, the labels' own characters. */
export function finishSvg(svg: string, background: string): string {
  return (
    moveEdges(svg)
      .replace(/<style>.*?<\/style>/s, `<style>text { font-family: ${FONT}; }</style>`)
      .replace(/style="--bg[^"]*"/, "")
      .replace(/var\(--(?:bg|([\w-]+))\)/g, (_, name?: string) =>
        name === undefined ? background : (COLORS[name] ?? "#27272a"),
      )
      // The boxes of edge labels are measured for Inter, which is narrower than most of the others.
      .replaceAll('font-size="11"', 'font-size="10"')
      .replace(/[\ue000-\ue07f]/g, (char) => `&#${char.charCodeAt(0) - STAND_INS};`)
  );
}

/**
 * Moves edges to where they belong. The renderer gives an edge that ends inside an inner frame coordinates that count from the
 * outer frame, and draws them as if they counted from the picture's corner.
 */
function moveEdges(svg: string): string {
  const frames = [...svg.matchAll(/<g class="subgraph"[^>]*>\s*<rect x="([-\d.]+)" y="([-\d.]+)"/g)].map(
    ([, x, y]) => [Number(x), Number(y)] as const,
  );
  if (frames.length === 0) return svg;
  const nodes = new Map(
    [
      ...svg.matchAll(
        /<g class="node" data-id="([^"]*)"[^>]*>\s*<rect x="([-\d.]+)" y="([-\d.]+)" width="([\d.]+)" height="([\d.]+)"/g,
      ),
    ].map(([, id, ...box]) => [id, box.map(Number) as [number, number, number, number]]),
  );
  const touches = (id: string | undefined, x: number, y: number): boolean => {
    const [left, top, width, height] = nodes.get(id) ?? [0, 0, 0, 0];
    return x > left - 2 && x < left + width + 2 && y > top - 2 && y < top + height + 2;
  };
  const moves = new Map<string, string>();
  for (const [, from, to, x, y] of svg.matchAll(
    /<polyline class="edge" data-from="([^"]*)" data-to="([^"]*)"[^>]*? points="([-\d.]+),([-\d.]+)/g,
  )) {
    if (touches(from, Number(x), Number(y))) continue;
    const frame = frames.find(([left, top]) => touches(from, Number(x) + left, Number(y) + top));
    if (frame !== undefined)
      moves.set(`data-from="${from}" data-to="${to}"`, `transform="translate(${frame.join(" ")})"`);
  }
  return svg.replace(/data-from="[^"]*" data-to="[^"]*"/g, (ends) => `${ends} ${moves.get(ends) ?? ""}`);
}

import { type Dialect, metadataLines, readableName } from "./mermaid-dialect.ts";

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
  frame: (name) => `frame_${name.replace(/\W/g, "_")} [${veil(name)}]`,
  style: (name, css) => `classDef ${name} ${css.replace(/fill-opacity:\s*0(?![.\d])/, "fill:none")}`,
};

const STAND_INS = 0xe000;

/** Replaces what the parser would not take for text. Line breaks and fixed spaces are the two pieces of HTML that labels use. */
function veil(text: string): string {
  const plain = text.replace(/&nbsp;/g, " ").replace(/<br\s*\/?>/gi, "\n");
  const lines = plain.split("\n").map((line) => line.replace(/[^\p{L}\p{N} .,=]/gu, standIn) || standIn(" "));
  return lines.join("<br>");
}

function standIn(char: string): string {
  const code = char.charCodeAt(0);
  return code < 0x80 ? String.fromCharCode(STAND_INS + code) : char;
}

/** What the picture's colors are. The renderer writes them as CSS variables, which only browsers read. */
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

const FONT = "Inter, Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

/** Makes a picture of its own of the renderer's SVG: no variables, no fonts from the network, the labels' own characters. */
export function finishSvg(svg: string, background: string): string {
  return svg
    .replace(/<style>.*?<\/style>/s, `<style>text { font-family: ${FONT}; }</style>`)
    .replace(/style="--bg[^"]*"/, "")
    .replace(/var\(--(?:bg|([\w-]+))\)/g, (_, name?: string) =>
      name === undefined ? background : (COLORS[name] ?? "#27272a"),
    )
    .replace(/[\ue000-\ue07f]/g, (char) => `&#${char.charCodeAt(0) - STAND_INS};`);
}

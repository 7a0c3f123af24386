import { describe, runlaneError } from "../core/errors/errors.ts";
import type { Graph } from "./graph.ts";
import { drawMermaid } from "./mermaid.ts";
import { finishSvg, pictureDialect } from "./picture.ts";
import type { DrawMermaidPngOptions } from "./types.ts";

/** Pixels of the picture for one of the drawing, so that it is sharp on today's screens. */
const ZOOM = 2;

/** Draws a graph as a PNG. This is the one place that loads the renderers. */
export async function drawPng(graph: Graph, options: DrawMermaidPngOptions = {}): Promise<Blob> {
  const { backgroundColor = "white", ...drawing } = options;
  const [{ renderMermaidSVG }, { Resvg }] = await loadRenderers();
  const named = graph.reid();
  const ends = { firstNode: named.firstNode()?.id, lastNode: named.lastNode()?.id };
  const text = drawMermaid(named.nodes, named.edges, { ...drawing, ...ends }, pictureDialect);
  const svg = finishSvg(renderMermaidSVG(text), backgroundColor);
  checkColor(backgroundColor, (background) => new Resvg(PIXEL, { background }).render());
  const picture = new Resvg(svg, { background: backgroundColor, fitTo: { mode: "zoom", value: ZOOM } });
  return new Blob([new Uint8Array(picture.render().asPng())], { type: "image/png" });
}

const PIXEL = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>';

/** @throws RUNLANE_INVALID_OPTION when a picture without anything else in it cannot be drawn with the color. */
function checkColor(color: unknown, draw: (color: string) => unknown): void {
  try {
    draw(color as string);
  } catch (cause) {
    const found = { where: "drawMermaidPng", option: "backgroundColor", received: describe(color) };
    throw runlaneError("RUNLANE_INVALID_OPTION", { ...found, expected: "a CSS color" }, { cause });
  }
}

/** No bundler can take native code along, so that none is to look for it: by a name that is put together when it is needed. */
const RESVG = ["@resvg", "resvg-js"];

/** @throws RUNLANE_RENDERER_MISSING */
function loadRenderers() {
  const resvg: Promise<typeof import("@resvg/resvg-js")> = import(/* @vite-ignore */ RESVG.join("/"));
  return Promise.all([import("beautiful-mermaid").catch(missing), resvg.catch(missing)]);
}

function missing(cause: Error): never {
  throw runlaneError("RUNLANE_RENDERER_MISSING", { reason: cause.message }, { cause });
}

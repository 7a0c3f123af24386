import { afterEach, describe, expect, it, vi } from "vitest";
import { Graph } from "../../src/graph/index.ts";
import { RunlaneError, RunnableBranch, RunnableLambda } from "../../src/index.ts";

const step = (name: string) => RunnableLambda.from((x: any) => x, { name });

/** Draws with a stand-in for the second renderer, and gives what it got from the first. */
async function svgOf(graph: Graph, options?: Parameters<Graph["drawMermaidPng"]>[0]): Promise<string> {
  let svg = "";
  vi.doMock("@resvg/resvg-js", () => ({
    Resvg: class {
      constructor(given: string) {
        svg = given;
      }
      render() {
        return { asPng: () => new Uint8Array() };
      }
    },
  }));
  await graph.drawMermaidPng(options);
  return svg;
}

/** The texts of an SVG, as a reader sees them. */
function texts(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>(.*?)<\/text>/gs)].map(([, text = ""]) =>
    text
      .replace(/<tspan x=/g, "\n$&")
      .replace(/<[^>]*>/g, "")
      .trim()
      .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
      .replace(/&lt;|&gt;|&amp;|&quot;/g, (code) => ({ "&lt;": "<", "&gt;": ">", "&amp;": "&" })[code] ?? '"'),
  );
}

afterEach(() => {
  vi.doUnmock("@resvg/resvg-js");
  vi.doUnmock("beautiful-mermaid");
  vi.unstubAllGlobals();
});

describe("the picture of a graph", () => {
  it("is a PNG, drawn without a network", async () => {
    vi.stubGlobal("fetch", () => {
      throw new Error("no network");
    });
    const branch = RunnableBranch.from([[(x: string) => x === "", step("Fill")], step("Keep")]);
    const graph = step("Load")
      .pipe({ a: step("A"), b: branch })
      .getGraph();
    const blob = await graph.drawMermaidPng();
    const bytes = new DataView(await blob.arrayBuffer());
    expect(blob.type).toBe("image/png");
    expect(bytes.getUint32(0)).toBe(0x89504e47);
    const [width, height] = [bytes.getUint32(16), bytes.getUint32(20)];
    expect(width).toBeGreaterThan(300);
    expect(height).toBeGreaterThan(width);
  });

  it("shows names, metadata and labels as they are written", async () => {
    const graph = new Graph();
    const first = graph.addNode({ name: 'a (b) [c] {d} <e> "f" & #1; *g* ~~h~~ |i| \\n' });
    const last = graph.addNode({ name: "last" }, undefined, { size: 5, tags: ["<x>", "|"], no: {} });
    graph.addEdge(first, last, "yes --> (no) | one two three four five six", true);
    expect(texts(await svgOf(graph, { wrapLabelNWords: 6 }))).toEqual([
      "yes --> (no) | one two\nthree four five six",
      'a (b) [c] {d} <e> "f" & #1; *g* ~~h~~ |i| \\n',
      "last\nsize = 5\ntags = <x>,|",
    ]);
  });

  it("shows HTML line breaks and fixed spaces of labels as what they mean", async () => {
    const graph = new Graph();
    graph.addEdge(graph.addNode({ name: "one<br/>two" }), graph.addNode({ name: "__end__" }), "a&nbsp;b");
    expect(texts(await svgOf(graph))).toEqual(["a b", "one\ntwo", "__end__"]);
  });

  it("uses no fonts or colors that the renderer would have to look up", async () => {
    const svg = await svgOf(step("A").getGraph(), { backgroundColor: "#abcdef" });
    expect(svg).not.toMatch(/var\(|@import|https?:(?!\/\/www\.w3\.org\/2000\/svg)/);
  });

  it("gives the first, the last and the other nodes their colors", async () => {
    const fills = async (options?: object) =>
      [...(await svgOf(step("A").getGraph(), options)).matchAll(/class="node"[^>]*>\s*<rect[^>]* fill="([^"]*)"/g)].map(
        ([, fill]) => fill,
      );
    expect(await fills()).toEqual(["none", "#f2f0ff", "#bfb6fc"]);
    expect(await fills({ nodeColors: { default: "fill:red" } })).toEqual(["#f2f0ff", "red", "#f2f0ff"]);
  });

  it("draws frames around the nodes of inner graphs, and edges between frames from box to box", async () => {
    const graph = new Graph();
    for (const id of ["start", "sub:a", "sub:deep:b", "sub:deep:c", "end"]) graph.addNode({}, id);
    for (const [source, target] of [
      ["start", "sub:a"],
      ["sub:a", "sub:deep:b"],
      ["sub:deep:b", "sub:deep:c"],
      ["sub:deep:c", "end"],
    ] as [string, string][])
      graph.addEdge({ id: source }, { id: target });
    const svg = await svgOf(graph);
    const rect = (id: string, kind: string): [number, number, number, number] =>
      new RegExp(`class="${kind}" data-id="${id}"[^>]*>\\s*<rect x="(.*?)" y="(.*?)" width="(.*?)" height="(.*?)"`)
        .exec(svg)
        ?.slice(1)
        .map(Number) as [number, number, number, number];
    const [x, y, width, height] = rect("sub_a", "node");
    const [left, top, right, bottom] = rect("frame_sub", "subgraph");
    expect(x > left && y > top && x + width < left + right && y + height < top + bottom).toBe(true);
    const moved = /data-from="sub_a" data-to="sub_deep_b" transform="translate\((\S+) (\S+)\)".* points="(\S+),(\S+) /;
    const [dx, dy, startX, startY] = (moved.exec(svg)?.slice(1).map(Number) ?? []) as [number, number, number, number];
    expect(startX + dx).toBeCloseTo(x + width / 2, 0);
    expect(startY + dy).toBeCloseTo(y + height, 0);
  });

  it("needs a color for a background", async () => {
    const drawing = step("A").getGraph().drawMermaidPng({ backgroundColor: "no color" });
    await expect(drawing).rejects.toMatchObject({ code: "RUNLANE_INVALID_OPTION" });
    await expect(drawing).rejects.toThrow('backgroundColor must be a CSS color, but it is the string "no color"');
  });

  it.each(["beautiful-mermaid", "@resvg/resvg-js"])("says what to install where %s is missing", async (name) => {
    vi.doMock(name, () => {
      throw new Error("Cannot find package");
    });
    const failure = await step("A")
      .getGraph()
      .drawMermaidPng()
      .catch((error) => error);
    expect(failure).toBeInstanceOf(RunlaneError);
    expect(failure.code).toBe("RUNLANE_RENDERER_MISSING");
    expect(failure.message).toContain("npm install beautiful-mermaid @resvg/resvg-js");
  });
});

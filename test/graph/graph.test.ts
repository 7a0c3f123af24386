import { Graph as LangChainGraph } from "@langchain/core/runnables/graph";
import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Graph } from "../../src/graph/index.ts";
import { RunnableLambda } from "../../src/index.ts";
import { numbered } from "./support.ts";

const IDS = ["__start__", "load", "two words", "*bold*", "_x_", "g:a", "g:b", "g:h:a", "g:h:b", "__end__"];

/** The same graph of LangChain's class and Runlane's. */
function pair(build: (graph: any) => void): [Graph, LangChainGraph] {
  const graphs: [Graph, LangChainGraph] = [new Graph(), new LangChainGraph()];
  for (const graph of graphs) build(graph);
  return graphs;
}

const edge = fc.record(
  {
    source: fc.constantFrom(...IDS),
    target: fc.constantFrom(...IDS),
    data: fc.constantFrom("yes", "one two three four five six seven eight nine ten eleven", ""),
    conditional: fc.boolean(),
  },
  { requiredKeys: ["source", "target"] },
);
const edges = fc.uniqueArray(edge, { maxLength: 14, selector: ({ source, target }) => `${source} ${target}` });
const metadata = fc.option(
  fc.dictionary(
    fc.constantFrom("k", "n", "{odd}"),
    fc.oneof(fc.integer(), fc.constantFrom("a|b", ["x", 1], { no: 1 })),
  ),
  { nil: undefined },
);
const options = fc.option(
  fc.record(
    {
      withStyles: fc.boolean(),
      curveStyle: fc.constantFrom("basis", "linear"),
      nodeColors: fc.constant({ default: "fill:#fff", other: "stroke:red" }),
      wrapLabelNWords: fc.integer({ min: 1, max: 5 }),
    },
    { requiredKeys: [] },
  ),
  { nil: undefined },
);

describe("a graph built by hand", () => {
  it("is drawn, written as JSON and asked for its ends as LangChain's is", () => {
    fc.assert(
      fc.property(edges, fc.array(metadata, { maxLength: IDS.length }), options, (list, metas, params) => {
        const [ours, theirs] = pair((graph) => {
          IDS.forEach((id, index) => {
            graph.addNode({ name: id, schema: {} }, id, metas[index]);
          });
          // LangChain does not draw a frame that has no edge of its own, nor what is in it.
          const framed = [
            { source: "g:a", target: "g:b" },
            { source: "g:h:a", target: "g:h:b" },
          ];
          for (const { source, target, data, conditional } of [...framed, ...list] as typeof list) {
            graph.addEdge({ id: source }, { id: target }, data, conditional);
          }
        });
        expect(ours.drawMermaid(params)).toBe(theirs.drawMermaid(params));
        expect(ours.toJSON()).toEqual(theirs.toJSON());
        expect(ours.firstNode()).toEqual(theirs.firstNode());
        expect(ours.lastNode()).toEqual(theirs.lastNode());
        expect({ ...ours.reid() }).toEqual({ ...theirs.reid() });
      }),
    );
  });

  it("takes another graph in, LangChain's too, under a prefix unless all its ids are UUIDs", () => {
    for (const prefix of ["", "inner"]) {
      for (const ids of [
        ["a", "b"],
        [undefined, undefined],
      ]) {
        const inner = new LangChainGraph();
        const [first, last] = ids.map((id) => inner.addNode({ name: "x", schema: z.any() }, id));
        inner.addEdge(first!, last!, "then");
        const [ours, theirs] = pair((graph) => graph.addNode({ name: "outer" }, "outer"));
        expect(ours.extend(inner as unknown as Graph, prefix)).toEqual(theirs.extend(inner, prefix));
        expect({ ...ours }).toEqual({ ...theirs });
      }
    }
  });

  it("names nodes by their id, their runnable or their schema", () => {
    const graph = new Graph();
    const lambda = RunnableLambda.from((x: number) => x);
    const names = [
      graph.addNode(lambda),
      graph.addNode(lambda, "step"),
      graph.addNode({}),
      graph.addNode({ name: "In" }),
      graph.addNode({ name: "In" }, "3f0e1d4c-6a53-4ac4-9a6f-4c2b8f2e1a11"),
    ].map(({ name }) => name);
    expect(names).toEqual(["Lambda", "step", "UnknownSchema", "In", "In"]);
  });

  it("removes a node with its edges", () => {
    const graph = new Graph();
    const [a, b, c] = ["a", "b", "c"].map((id) => graph.addNode({}, id)) as [any, any, any];
    graph.addEdge(a, b);
    graph.addEdge(b, c);
    graph.removeNode(b);
    expect(Object.keys(graph.nodes)).toEqual(["a", "c"]);
    expect(graph.edges).toEqual([]);
  });

  it("trims its ends only where that loses no edge", () => {
    const [ours, theirs] = pair((graph) => {
      const [a, b, end] = ["a", "b", "end"].map((id) => graph.addNode({}, id));
      graph.addEdge(a, b);
      graph.addEdge(b, end);
      graph.addEdge(a, end, "otherwise");
    });
    theirs.trimLastNode();
    expect(Object.keys(theirs.nodes)).toEqual(["a", "b"]);
    ours.trimLastNode();
    expect(Object.keys(ours.nodes)).toEqual(["a", "b", "end"]);
    ours.edges.pop();
    ours.trimLastNode();
    expect(Object.keys(ours.nodes)).toEqual(["a", "b"]);
    ours.trimLastNode();
    expect(Object.keys(ours.nodes)).toEqual(["a"]);
    ours.trimLastNode();
    expect(Object.keys(ours.nodes)).toEqual(["a"]);
  });

  it("refuses an id twice and edges of nodes that it does not have", () => {
    const graph = new Graph();
    const a = graph.addNode({}, "a");
    expect(() => graph.addNode({}, "a")).toThrow(expect.objectContaining({ code: "RUNLANE_INVALID_STEPS" }));
    expect(() => graph.addEdge(a, { id: "toString" })).toThrow('"toString", which is not in it');
    expect(() => graph.addEdge({ id: "b" }, a)).toThrow(expect.objectContaining({ code: "RUNLANE_INVALID_STEPS" }));
  });

  it("writes schemas of zod as LangChain does, and others by their own JSON schema", () => {
    const [ours, theirs] = pair((graph) => {
      graph.addNode({ name: "Any", schema: z.any() });
      graph.addNode({ name: "Text", schema: z.object({ text: z.string().default("x"), n: z.number().optional() }) });
      graph.addNode({ name: "Plain", schema: { type: "string" } });
      graph.addNode({ name: "None" });
    });
    expect(ours.toJSON()).toEqual(theirs.toJSON());
    const other = new Graph();
    other.addNode({ name: "Valibot", schema: v.object({ a: v.string() }) });
    other.addNode({ name: "Date", schema: z.date() });
    other.addNode({ name: "Junk", schema: "what" });
    expect(other.toJSON().nodes.map((node: any) => node.data)).toEqual([
      { $schema: "http://json-schema.org/draft-07/schema#", title: "Valibot" },
      { $schema: "http://json-schema.org/draft-07/schema#", title: "Date" },
      { title: "Junk" },
    ]);
  });
});

describe("Mermaid text", () => {
  it("stays valid where names have brackets, quotes, dollars or Mermaid's own words", () => {
    const graph = new Graph();
    for (const id of ['say "hi" (twice)', "$& $$", "end", "constructor"]) graph.addNode({}, id);
    expect(graph.drawMermaid()).toContain(
      [
        "\tsay__hi___twice_(say #quot;hi#quot; #40;twice#41;)",
        "\t_____($& $$)",
        "\tend_(end)",
        "\tconstructor(constructor)",
      ].join("\n"),
    );
  });

  it("stays valid where labels have what looks like an arrow", () => {
    const graph = new Graph();
    const a = graph.addNode({}, "a");
    graph.addEdge(a, a, "x --> y");
    graph.addEdge(a, a, "x .-> y", true);
    expect(graph.drawMermaid()).toContain("\ta -- &nbsp;x #45;#45;> y&nbsp; --> a;\n");
    expect(graph.drawMermaid()).toContain("\ta -. &nbsp;x #46;-> y&nbsp; .-> a;\n");
  });

  it("needs a word per line", () => {
    for (const wrapLabelNWords of [0, Number.NaN, "x" as any]) {
      expect(() => new Graph().drawMermaid({ wrapLabelNWords })).toThrow(
        "wrapLabelNWords must be a number of at least 1",
      );
    }
  });

  it("keeps nodes apart whose ids have nothing that Mermaid allows", () => {
    const graph = new Graph();
    graph.addEdge(graph.addNode({}, "翻译"), graph.addNode({}, "总结"));
    expect(graph.drawMermaid()).toContain("\t__([翻译]):::first\n\t___2([总结]):::last\n\t__ --> ___2;\n");
  });

  it("draws a frame inside a frame that has no edge of its own", () => {
    const graph = new Graph();
    graph.addEdge(graph.addNode({}, "a:b:c"), graph.addNode({}, "a:b:d"));
    expect(graph.drawMermaid({ withStyles: false })).toBe(
      "graph TD;\n\tsubgraph a\n\tsubgraph b\n\ta_b_c --> a_b_d;\n\tend\n\tend\n",
    );
  });

  it("draws two edges from a node to itself without a frame", () => {
    const graph = new Graph();
    const a = graph.addNode({}, "a");
    graph.addEdge(a, a, "retry");
    graph.addEdge(a, a, "each");
    expect(graph.drawMermaid()).not.toContain("subgraph");
  });

  it("uses a name for an id only where it is the only one", () => {
    const graph = new Graph();
    graph.addNode({ name: "Once" });
    graph.addNode({ name: "Twice" });
    graph.addNode({ name: "Twice" });
    expect(numbered(graph.drawMermaid())).toContain("\tOnce(Once)\n\t#0(Twice)\n\t#1(Twice)\n");
  });
});

describe("names that would be more than names", () => {
  it("begin no line of their own in Mermaid, wherever they stand", () => {
    const evil = 'x\nclick y href "javascript:alert(1)"\u001b[2J';
    const graph = new Graph();
    const [one, other, third] = [`${evil}:a`, `${evil}:b`, evil].map((id) =>
      graph.addNode(
        RunnableLambda.from((x) => x),
        id,
        { note: evil },
      ),
    );
    graph.addEdge(one!, other!, evil);
    graph.addEdge(other!, third!, evil, true);
    const text = graph.drawMermaid();
    expect(text.split("\n").filter((line) => line.trimStart().startsWith("click"))).toEqual([]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/);
  });

  it("may have any number of colons: frames are drawn to a bounded depth", () => {
    const graph = new Graph();
    const path = "a:".repeat(20_000);
    graph.addEdge(
      graph.addNode(
        RunnableLambda.from((x) => x),
        `${path}x`,
      ),
      graph.addNode(
        RunnableLambda.from((x) => x),
        `${path}y`,
      ),
    );
    expect(graph.drawMermaid().match(/subgraph/g)).toHaveLength(100);
  });
});

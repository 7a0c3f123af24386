import { StringOutputParser } from "@langchain/core/output_parsers";
import { PromptTemplate } from "@langchain/core/prompts";
import * as langchain from "@langchain/core/runnables";
import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Graph } from "../../src/graph/index.ts";
import * as runlane from "../../src/index.ts";
import { Runnable, RunnableBranch, RunnableLambda, RunnableParallel, RunnablePassthrough } from "../../src/index.ts";
import { arrows, numbered } from "./support.ts";

const id = (x: any): any => x;
const step = (name: string) => RunnableLambda.from(id, { name });
const prompt = () => PromptTemplate.fromTemplate("Hi {name}");

/** A runnable of a kind that graphs know nothing of. */
class Wrapper extends Runnable {
  constructor(readonly data: Record<string, unknown>) {
    super();
  }
  static override lc_name(): string {
    return "Wrapper";
  }
  override get node() {
    return { kind: "wrapper", ...this.data };
  }
}

describe("the graph of a plain chain", () => {
  const chains: [string, (m: typeof runlane) => { getGraph(): any }][] = [
    ["a lambda", (m) => m.RunnableLambda.from(id)],
    ["a sequence of lambdas", (m) => m.RunnableLambda.from(id).pipe(id).pipe(m.RunnableLambda.from(id))],
    ["a named sequence", (m) => m.RunnableSequence.from([id, new m.RunnablePassthrough()], "named")],
    ["a sequence in a sequence", (m) => m.RunnableLambda.from(id).pipe(m.RunnableLambda.from(id).pipe(id) as any)],
    ["passthrough and pick", (m) => new m.RunnablePassthrough().pipe(new m.RunnablePick("a") as any)],
    ["LangChain's steps", (m) => (m.RunnableLambda.from(id) as any).pipe(prompt()).pipe(new StringOutputParser())],
    ["a config", (m) => m.RunnableLambda.from(id).withConfig({ tags: ["t"] })],
  ];
  it.each(chains)("is LangChain's: %s", (_name, build) => {
    const ours = build(runlane).getGraph();
    const theirs = build(langchain as unknown as typeof runlane).getGraph();
    expect(numbered(ours.drawMermaid())).toBe(numbered(theirs.drawMermaid()));
    expect(ours.toJSON()).toEqual(theirs.toJSON());
  });
});

describe("the graph of what has an inside", () => {
  it("fans out to the steps of a parallel, by key, and joins", () => {
    expect(arrows(RunnableParallel.from({ a: step("A").pipe(step("A2")), b: step("B") }).getGraph())).toEqual([
      "A -> A2",
      "Parallel<a,b>Input -a-> A",
      "A2 -> Parallel<a,b>Output",
      "Parallel<a,b>Input -b-> B",
      "B -> Parallel<a,b>Output",
    ]);
    expect(arrows(new RunnableParallel({ steps: {} }).getGraph())).toEqual(["Parallel<>Input -> Parallel<>Output"]);
  });

  it("shows what an assign passes on beside what it adds", () => {
    expect(arrows(RunnablePassthrough.assign({ a: step("A") }).getGraph())).toEqual([
      "Parallel<a>Input -a-> A",
      "A -> Parallel<a>Output",
      "Parallel<a>Input -> Passthrough",
      "Passthrough -> Parallel<a>Output",
    ]);
  });

  it("labels the ways of a branch by the number and name of the condition", () => {
    const isLong = (text: string): boolean => text.length > 9;
    const branch = RunnableBranch.from([[isLong, step("Cut")], [(x: string) => x === "", step("Fill")], step("Keep")]);
    expect(arrows(step("Load").pipe(branch).getGraph())).toEqual([
      "LoadInput -> Load",
      "Branch .condition 1: isLong.> Cut",
      "Cut -> RunnableBranchOutput",
      "Branch .condition 2.> Fill",
      "Fill -> RunnableBranchOutput",
      "Branch .default.> Keep",
      "Keep -> RunnableBranchOutput",
      "Load -> Branch",
    ]);
  });

  it("labels the ways of a router by their keys", () => {
    const router = new runlane.RouterRunnable({ runnables: { double: step("D"), square: step("S") } });
    expect(arrows(router.getGraph())).toEqual([
      "RouterRunnableInput -> RouterRunnable",
      "RouterRunnable .double.> D",
      "D -> RouterRunnableOutput",
      "RouterRunnable .square.> S",
      "S -> RouterRunnableOutput",
    ]);
  });

  it("leads from each fallback to the next and from all of them on", () => {
    const safe = step("A").withFallbacks([step("B"), step("C")]);
    expect(arrows(safe.pipe(step("Next")).getGraph())).toEqual([
      "RunnableWithFallbacksInput -> A",
      "A -> RunnableWithFallbacksOutput",
      "A .fallback 1.> B",
      "B -> RunnableWithFallbacksOutput",
      "B .fallback 2.> C",
      "C -> RunnableWithFallbacksOutput",
      "Next -> NextOutput",
      "RunnableWithFallbacksOutput -> Next",
    ]);
  });

  it("leads from the end of what is retried back to its start, and so for what runs on each element", () => {
    const retried = step("A").pipe(step("B")).withRetry();
    expect(arrows(step("First").pipe(retried).pipe(step("Last").map()).getGraph())).toEqual([
      "FirstInput -> First",
      "A -> B",
      "B .retry.> A",
      "First -> A",
      "Last -> LastOutput",
      "Last .each.> Last",
      "B -> Last",
    ]);
  });

  it("shows a binding by what is bound, under its runName", () => {
    const one = step("A").withConfig({ runName: "renamed" }).getGraph();
    expect(arrows(one)).toEqual(["renamedInput -> renamed", "renamed -> renamedOutput"]);
    expect(one.toJSON().nodes[1].data).toMatchObject({ name: "renamed" });
    expect(arrows(step("A").pipe(step("B")).withConfig({ runName: "both" }).getGraph())).toEqual([
      "bothInput -> A",
      "B -> bothOutput",
      "A -> B",
    ]);
    expect(arrows(step("A").pipe(id).getGraph())[0]).toBe("AInput -> A");
  });

  it("has the schemas of a runnable with types", () => {
    const typed = step("A").withTypes({ input: z.string() });
    expect(typed.getGraph().toJSON().nodes[0].data).toMatchObject({ type: "string", title: "AInput" });
    expect(typed.getGraph().toJSON().nodes[2].data).not.toHaveProperty("type");
  });

  it("shows a tool under its name", () => {
    const tool = step("A").asTool({ name: "search", schema: z.string() });
    expect(arrows(tool.getGraph())).toEqual(["searchInput -> search", "search -> searchOutput"]);
  });

  it("shows the alternative that the config chooses, else the default", () => {
    const model = step("Small").configurableAlternatives(
      { id: "model" },
      { big: step("Big"), huge: () => step("Huge") },
    );
    const chain = step("A").pipe(model);
    const last = (model?: string) => arrows(chain.getGraph({ configurable: { model } })).at(-1);
    expect(last()).toBe("A -> Small");
    expect(last("big")).toBe("A -> Big");
    expect(last("huge")).toBe("A -> huge");
  });

  it("shows a runnable of an unknown kind by its bound, or as one box", () => {
    expect(arrows(new Wrapper({ bound: step("A") }).getGraph())).toEqual(["AInput -> A", "A -> AOutput"]);
    expect(arrows(new Wrapper({ bound: 5 }).getGraph())).toEqual([
      "WrapperInput -> Wrapper",
      "Wrapper -> WrapperOutput",
    ]);
    expect(arrows(new Wrapper({ kind: "toString" }).getGraph())).toHaveLength(2);
  });

  it("asks a subclass for the graph that it draws of itself", () => {
    class Drawing extends Wrapper {
      override getGraph() {
        const graph = new Graph();
        graph.addEdge(graph.addNode({ name: "From" }), graph.addNode({ name: "To" }));
        return graph;
      }
    }
    const drawn = arrows(step("A").pipe(new Drawing({})).getGraph());
    expect(drawn).toEqual(["AInput -> A", "A -> To"]);
    const between = arrows(step("A").pipe(new Drawing({})).pipe(step("B")).getGraph());
    expect(between.sort()).toEqual(["A -> To", "AInput -> A", "B -> BOutput", "To -> B"]);
  });

  it("puts one box for a part whose graph has several ends or cannot be had", () => {
    class Odd extends Wrapper {
      override getGraph(): Graph {
        if (this.data.fails) throw new Error("not here");
        const graph = new Graph();
        graph.addNode({ name: "one" });
        graph.addNode({ name: "two" });
        return graph;
      }
    }
    for (const data of [{}, { fails: true }]) {
      expect(arrows(step("A").pipe(new Odd(data)).getGraph())).toEqual([
        "AInput -> A",
        "Wrapper -> WrapperOutput",
        "A -> Wrapper",
      ]);
    }
  });

  it("leaves the graphs of its parts as they are", () => {
    const shared = new Graph();
    shared.addEdge(shared.addNode({ name: "In" }, "in"), shared.addNode({ name: "Out" }, "out"));
    const part = Object.assign(new Wrapper({}), { getGraph: () => shared });
    const before = JSON.stringify(shared);
    step("A").pipe(part).pipe(part).getGraph();
    expect(JSON.stringify(shared)).toBe(before);
  });
});

describe("graphs across the border to LangChain", () => {
  it("fit into the graph of a LangChain chain", () => {
    const retried = step("A").withRetry().withConfig({});
    const chain = prompt()
      .pipe(retried as any)
      .pipe(RunnableParallel.from({ x: step("X"), y: step("Y") }) as any)
      .pipe(new StringOutputParser() as any);
    const graph = chain.getGraph();
    expect(arrows(graph)).toEqual([
      "PromptTemplateInput -> PromptTemplate",
      "A .retry.> A",
      "PromptTemplate -> A",
      "Parallel<x,y>Input -x-> X",
      "X -> Parallel<x,y>Output",
      "Parallel<x,y>Input -y-> Y",
      "Y -> Parallel<x,y>Output",
      "A -> Parallel<x,y>Input",
      "StrOutputParser -> StrOutputParserOutput",
      "Parallel<x,y>Output -> StrOutputParser",
    ]);
    expect(graph.drawMermaid()).toContain("A -. &nbsp;retry&nbsp; .-> A;");
    expect(graph.toJSON().nodes.filter(({ type }: any) => type === "schema")).toHaveLength(4);
  });

  it("have the inside of LangChain's sequences", () => {
    const chain = step("Load")
      .pipe(prompt().pipe(new StringOutputParser() as any) as any)
      .pipe({ a: prompt() as any });
    expect(arrows(chain.getGraph())).toEqual([
      "LoadInput -> Load",
      "PromptTemplate -> StrOutputParser",
      "Load -> PromptTemplate",
      "Parallel<a>Input -a-> PromptTemplate",
      "PromptTemplate -> Parallel<a>Output",
      "StrOutputParser -> Parallel<a>Input",
    ]);
  });

  it("have the inside of a LangGraph graph in a frame, and of the same one again in another", () => {
    const State = Annotation.Root({ x: Annotation<string> });
    const agent = new StateGraph(State)
      .addNode("plan", async (state) => state)
      .addNode("act", async (state) => state)
      .addEdge(START, "plan")
      .addEdge("plan", "act")
      .addConditionalEdges("act", () => END, { [END]: END, plan: "plan" })
      .compile();
    const outer = new StateGraph(State).addNode("agent", agent).addEdge(START, "agent").addEdge("agent", END).compile();
    const inside = step("Load")
      .pipe(outer as any)
      .getGraph({ xray: true });
    expect(Object.keys(inside.nodes)).toContain("LangGraph:agent:plan");
    const graph = step("Load")
      .pipe(agent as any)
      .pipe(agent as any)
      .getGraph();
    expect(Object.keys(graph.nodes)).toContain("LangGraph:plan");
    expect(Object.keys(graph.nodes)).toContain("LangGraph_2:plan");
    expect(graph.drawMermaid()).toMatch(/subgraph LangGraph\n[\s\S]*\tend\n\tsubgraph LangGraph_2\n/);
    expect(graph.firstNode()?.name).toBe("LoadInput");
    expect(graph.lastNode()?.name).toBe("__end__");
  });
});

/** Objects on their way through a chain: built, extended, cut down, passed on; and what the chain looks like drawn. */
import {
  RunnableLambda,
  RunnableMap,
  RunnableParallel,
  RunnablePassthrough,
  RunnablePick,
  RunnableSequence,
} from "@langchain/core/runnables";
import { Graph } from "@langchain/core/runnables/graph";

interface Trip {
  from: string;
  to: string;
}

const measure = RunnableLambda.from(({ from, to }: Trip) => (from.length + to.length) * 10);
const trip = RunnableMap.from<Trip>({
  route: ({ from, to }: Trip) => `${from} - ${to}`,
  distance: measure,
  given: new RunnablePassthrough(),
});
const { route, distance, given } = await trip.invoke({ from: "Oslo", to: "Bergen" });
console.log(route, distance, given);
console.log(await trip.pick("distance").invoke({ from: "Oslo", to: "Bergen" }));
console.log(await trip.pick(["route", "distance"]).invoke({ from: "Turku", to: "Vaasa" }));

const priced = RunnablePassthrough.assign({ distance: (trip) => measure.invoke(trip as unknown as Trip) })
  .assign({ price: ({ distance }: Record<string, unknown>) => Number(distance) * 2, class: () => "second" })
  .pipe(new RunnablePick(["price", "class", "from"]));
console.log(await priced.pick("price").invoke({ from: "Oslo", to: "Bergen" }));
console.log(
  await priced.batch([
    { from: "a", to: "b" },
    { from: "aa", to: "bb" },
  ]),
);

const seen: Trip[] = [];
const noted = new RunnablePassthrough<Trip>({ func: (input: Trip) => void seen.push(input) }).pipe(measure);
console.log(await noted.invoke({ from: "x", to: "y" }), seen.length);

const deep = RunnableSequence.from([
  {
    whole: new RunnablePassthrough<Trip>(),
    length: { from: ({ from }: Trip) => from.length, to: ({ to }: Trip) => to.length },
  },
  ({ whole, length }: { whole: Trip; length: Record<string, number> }) => ({ ...whole, ...length }),
]);
console.log(await deep.invoke({ from: "Kiruna", to: "Narvik" }));

const parallel = RunnableParallel.from({ twice: (x: number) => x * 2, negative: (x: number) => -x });
console.log(await parallel.invoke(21), parallel.getStepsKeys());
console.log(await new RunnableMap({ steps: { only: (x: number) => x } }).invoke(1));

const named = RunnableSequence.from<number, number>([
  RunnableLambda.from((x: number) => x + 1).withConfig({ runName: "increment" }),
  new RunnablePassthrough<number>(),
  (x: number) => x * 2,
]);
const graph = named.getGraph();
console.log(graph instanceof Graph, Object.keys(graph.nodes).length, graph.edges.length);
console.log(graph.toJSON().nodes.length, graph.drawMermaid().split("\n", 1)[0]?.trim());
console.log(
  named.getName(),
  trip.getName(),
  new RunnablePassthrough().getName("Step"),
  trip.lc_id,
  trip.lc_serializable,
);

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { ChainView } from "../../state.ts";
import type { Bottleneck } from "../model/bottleneck.ts";
import type { Known } from "../model/connection.ts";
import { count, duration, plural } from "../model/format.ts";
import { heldBy } from "../model/held-by.ts";
import { isEnd, layout, type Placed } from "../model/layout.ts";
import { type BoxView, laneClass } from "../model/steps.ts";

interface Props extends Pick<Known, "held"> {
  readonly chain: ChainView;
  readonly boxes: ReadonlyMap<string, BoxView>;
  readonly neck: Bottleneck | undefined;
  readonly filter: string;
  readonly onFilter: (step: string) => void;
}

/** The drawing of a chain. Each step is a button that shows its runs only. */
export function PlanGraph({ chain, boxes, neck, held, filter, onFilter }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const { graph, name } = chain;
  const shape = JSON.stringify([graph.nodes.map(({ name }) => name), graph.edges]);
  const flat = useMemo(() => layout(graph, false), [shape]);
  const tall = useMemo(() => layout(graph, true), [shape]);
  const drawing = flat.width <= width ? flat : tall;
  const heldStep = held && heldBy(held, [chain]);
  return (
    <div class="graph" ref={frame}>
      <svg width={drawing.width} height={drawing.height} role="group" aria-label={`Drawing of ${name}`}>
        {drawing.arrows.map(({ edge, path }) => (
          <path
            key={`${edge.source} ${edge.target} ${edge.label}`}
            class={edge.conditional ? "edge maybe" : "edge"}
            d={path}
          />
        ))}
        {drawing.arrows.map(({ edge, at: [x, y] }) =>
          edge.label === undefined ? null : (
            <text
              key={`${edge.source} ${edge.target} ${edge.label}`}
              class="edge-label"
              x={x}
              y={y}
              text-anchor="middle"
            >
              {cut(edge.label, 18)}
            </text>
          ),
        )}
        {drawing.boxes.map((box) => {
          const view = boxes.get(box.node.id);
          return box.node.kind === "schema" ? (
            <Point key={box.node.id} box={box} end={isEnd(box.node.id, graph.edges)} />
          ) : (
            <Box
              key={box.node.id}
              box={box}
              view={view}
              isNeck={neck !== undefined && view?.keys.has(neck.key) === true}
              isHeld={box.node.name === heldStep}
              filter={filter}
              onFilter={onFilter}
            />
          );
        })}
      </svg>
    </div>
  );
}

function useWidth(element: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(1000);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(entry!.contentRect.width));
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, []);
  return width;
}

/** Where data comes in, goes out, or is forked and joined. */
function Point({ box: { node, x, y, width, height }, end }: { box: Placed; end: ReturnType<typeof isEnd> }) {
  if (end === undefined)
    return (
      <g class="node">
        <title>{node.name}</title>
        <circle cx={x + width / 2} cy={y + height / 2} r={width / 2} />
      </g>
    );
  return (
    <g class="node">
      <title>{node.name}</title>
      <rect class="end" x={x} y={y} width={width} height={height} rx={height / 2} />
      <text class="soft" x={x + width / 2} y={y + height / 2 + 4} text-anchor="middle">
        {end}
      </text>
    </g>
  );
}

interface BoxProps {
  readonly box: Placed;
  readonly view: BoxView | undefined;
  readonly isNeck: boolean;
  readonly isHeld: boolean;
  readonly filter: string;
  readonly onFilter: (step: string) => void;
}

function Box({ box: { node, x, y, width, height }, view, isNeck, isHeld, filter, onFilter }: BoxProps) {
  const lane = view?.step.lane ?? "loop";
  const row = view?.main.row;
  const running = view?.running ?? 0;
  const isChosen = filter === node.name;
  const classes = ["node", laneClass(lane)];
  if (isNeck) classes.push("neck");
  if (isHeld) classes.push("held");
  if (isChosen) classes.push("chosen");
  else if (filter !== "") classes.push("dim");
  const choose = () => onFilter(isChosen ? "" : node.name);
  const failed = row?.failed ?? 0;
  const name = cut(shortName(node.name), 19);
  const did =
    row === undefined
      ? "nothing yet"
      : `${plural(row.inputs, "input")}, ${count(failed)} failed, half of them within ${duration(row.p50Ms)}`;
  const marks = `${isNeck ? ", the narrowest step" : ""}${isHeld ? ", holds the event loop now" : ""}`;
  return (
    <g
      class={classes.join(" ")}
      role="button"
      tabindex={0}
      aria-pressed={isChosen}
      aria-label={`${name}: ${lane}, ${did}${marks}`}
      onClick={choose}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        choose();
      }}
    >
      <title>{node.place ?? node.name}</title>
      <rect class="box" x={x} y={y} width={width} height={height} rx="10" />
      <rect class="stripe" x={x + 9} y={y + 11} width="3" height={height - 27} rx="1.5" />
      <text class="name" x={x + 20} y={y + 21}>
        {name}
      </text>
      {row === undefined ? (
        <text class="soft" x={x + 20} y={y + 40}>
          {lane}
        </text>
      ) : (
        <>
          <text x={x + 20} y={y + 40}>
            {count(row.inputs)}
            <tspan class="soft"> · {duration(row.p50Ms)}</tspan>
            {failed > 0 && <tspan class="bad"> · {count(failed)} failed</tspan>}
          </text>
          {running > 0 && failed === 0 && (
            <text class="soft" x={x + width - 12} y={y + 40} text-anchor="end">
              {count(running)} now
            </text>
          )}
        </>
      )}
      <rect class="track" x={x + 10} y={y + height - 11} width={width - 20} height="3" rx="1.5" />
      {view !== undefined && (
        <rect class="share" x={x + 10} y={y + height - 11} width={(width - 20) * view.share} height="3" rx="1.5" />
      )}
      {isNeck && (
        <text class="neck" x={x + width - 10} y={y - 5} text-anchor="end">
          narrowest
        </text>
      )}
    </g>
  );
}

/** LangChain leaves the beginning out too. */
function shortName(name: string): string {
  return name.replace(/^Runnable(?=[A-Z])/, "");
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

import { useState } from "preact/hooks";
import type { InspectorState, RunView } from "../../state.ts";
import { count } from "../model/format.ts";
import { Run } from "./run.tsx";

type Order = "latest" | "slowest";

interface Props {
  readonly state: InspectorState;
  /** The names of all steps. */
  readonly names: readonly string[];
  readonly filter: string;
  readonly onFilter: (step: string) => void;
}

/** So many rows are shown: people read no more, and a browser draws them all anew. */
const MOST = 60;
/** Of those that go on, the oldest tell enough. */
const MOST_RUNNING = 6;

/** Runs that were followed, failed ones first; each opens to a waterfall. */
export function Runs({ state, names, filter, onFilter }: Props) {
  const [order, setOrder] = useState<Order>("latest");
  const shown = inOrder(state.runs, order).filter((run) => filter === "" || passes(run, filter));
  const manyChains = state.chains.length > 1;
  return (
    <section aria-label="Runs">
      <h2 id="runs" tabIndex={-1}>
        Runs{" "}
        <small>
          failed ones first; {count(shown.length)} of {count(state.counts.done + state.counts.running)} were followed
          step by step
        </small>
        <span class="filters">
          <label>
            step
            <select value={filter} onChange={(event) => onFilter(event.currentTarget.value)}>
              <option value="">all steps</option>
              {names.map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <label>
            order
            <select value={order} onChange={(event) => setOrder(event.currentTarget.value as Order)}>
              <option value="latest">latest</option>
              <option value="slowest">slowest</option>
            </select>
          </label>
        </span>
      </h2>
      <div class="panel">
        {shown.length === 0 ? (
          <p class="empty">
            {filter === "" ? "No run has been followed yet." : `No run that was followed went through ${filter}.`}
          </p>
        ) : (
          <ul class="runs" aria-label="Runs">
            {shown.slice(0, MOST).map((run) => (
              <Run key={run.id} run={run} filter={filter} showsChain={manyChains} elapsedMs={state.elapsedMs} />
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}

function passes({ spans, step }: RunView, filter: string): boolean {
  return step === filter || spans.some(({ name }) => name === filter);
}

/** Failed ones, then those that go on, the oldest first: they may be stuck. */
function inOrder(runs: readonly RunView[], order: Order): RunView[] {
  const by = (state: RunView["state"]) => runs.filter((run) => run.state === state);
  const done = by("done").sort((a, b) => (order === "slowest" ? b.ms! - a.ms! : b.atMs - a.atMs));
  return [...by("failed"), ...by("running").slice(0, MOST_RUNNING), ...done];
}

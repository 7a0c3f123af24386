import { useMemo } from "preact/hooks";
import type { ChainView, InspectorState } from "../../state.ts";
import { bottleneckOf } from "../model/bottleneck.ts";
import type { Known } from "../model/connection.ts";
import { boxesOf, stepsOf } from "../model/steps.ts";
import { PlanGraph } from "./plan-graph.tsx";
import { PlanTable } from "./plan-table.tsx";

interface Props extends Pick<Known, "held"> {
  readonly chain: ChainView;
  readonly state: InspectorState;
  readonly filter: string;
  readonly onFilter: (step: string) => void;
}

/** A chain: its drawing with what its steps do, and the same as a table. */
export function ChainPanel({ chain, state, held, filter, onFilter }: Props) {
  const steps = useMemo(() => stepsOf(chain), [chain]);
  const boxes = useMemo(() => boxesOf(chain, steps), [chain, steps]);
  const neck = bottleneckOf(state, steps);
  const narrow = steps.find(({ key }) => key === neck?.key);
  return (
    <section aria-label={`Plan of ${chain.name}`}>
      <h2>
        Plan{state.chains.length > 1 ? ` of ${chain.name}` : ""}
        {narrow !== undefined && (
          <small>
            narrowest at <b>{narrow.name}</b>: {neck?.why}
          </small>
        )}
      </h2>
      <div class="panel">
        <PlanGraph chain={chain} boxes={boxes} neck={neck} held={held} filter={filter} onFilter={onFilter} />
        <details class="more">
          <summary>As a table, with the reasons</summary>
          <PlanTable steps={steps} stages={chain.stages} />
        </details>
      </div>
    </section>
  );
}

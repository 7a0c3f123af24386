import type { ChainView } from "../../state.ts";
import { bytes, count, duration, percent } from "../model/format.ts";
import { laneClass, type StepView } from "../model/steps.ts";
import { Histogram } from "./histogram.tsx";
import { Scrolled } from "./scrolled.tsx";

interface Props {
  readonly steps: readonly StepView[];
  readonly stages: ChainView["stages"];
}

/** The steps of a chain as a table, with the reasons for where they run. */
export function PlanTable({ steps, stages }: Props) {
  return (
    <>
      <Scrolled name="Steps">
        <table>
          <thead>
            <tr>
              <th>stage</th>
              <th>step</th>
              <th>lane</th>
              <th class="number">chunk</th>
              <th class="number">inputs</th>
              <th class="number">failed</th>
              <th class="number">p50</th>
              <th class="number">p99</th>
              <th class="number">share</th>
              <th>times</th>
              <th>why there</th>
            </tr>
          </thead>
          <tbody>
            {steps.map(({ key, stage, name, depth, lane, chunk, row, share, why, resources }, at) => (
              <tr key={key} class={laneClass(lane)}>
                <td>{steps[at - 1]?.stage === stage ? "" : stage}</td>
                <td style={{ paddingLeft: `${depth * 14}px` }}>{name}</td>
                <td class="tag">{lane}</td>
                <td class="number">{chunk}</td>
                <td class="number">{row && count(row.inputs)}</td>
                <td class={row !== undefined && row.failed > 0 ? "number bad" : "number"}>
                  {row && count(row.failed)}
                </td>
                <td class="number">{row && duration(row.p50Ms)}</td>
                <td class="number">{row && duration(row.p99Ms)}</td>
                <td class="number">{row && percent(share)}</td>
                <td>{row && <Histogram buckets={row.histogram} />}</td>
                <td class="why">
                  {why}
                  {resources.length > 0 && `; uses ${resources.join(", ")}`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolled>
      <ul class="empty">
        {stages.map(({ lane, figures }, at) =>
          figures === undefined || figures.inputs === 0 ? null : (
            <li key={at}>
              Stage {at + 1} ({lane}): {duration(figures.queueMs)} in the queue each, workers busy for{" "}
              {duration(figures.runMs)}, {bytes(figures.bytes)} moved
            </li>
          ),
        )}
      </ul>
    </>
  );
}

import type { InspectorState } from "../../state.ts";
import { bytes, duration, percent, plural } from "../model/format.ts";
import { Chart } from "./chart.tsx";
import { Scrolled } from "./scrolled.tsx";

/** A loop that is late by less than this is not late, in milliseconds. */
const LEAST_SCALE_MS = 20;

/** How the event loop did: how late it was, how busy, and who held it. */
export function LoopCharts({ state }: { state: InspectorState }) {
  const { atMs, lagMs, utilization, memoryBytes } = state.loop;
  const worst = Math.max(0, ...lagMs);
  const all = { atMs, untilMs: state.elapsedMs, isOver: state.phase === "over" };
  const mean = utilization.reduce((sum, one) => sum + one, 0) / Math.max(1, utilization.length);
  return (
    <section aria-label="Event loop">
      <h2>
        Event loop <small>one thread runs everything that has no lane; while it is held, all else waits</small>
      </h2>
      <div class="two">
        <Chart
          {...all}
          name="Late by"
          values={lagMs}
          top={Math.max(LEAST_SCALE_MS, worst)}
          say={duration}
          summary={`at most ${duration(worst)}`}
        />
        <Chart
          {...all}
          name="Busy"
          values={utilization}
          top={1}
          say={percent}
          summary={`${percent(mean)} on average`}
        />
      </div>
      {state.holders.length > 0 && (
        <div class="panel" style={{ marginTop: "16px" }}>
          <h3>
            Held by <small>steps that ran for 10 ms or longer at a time without waiting</small>
          </h3>
          <Scrolled name="Steps that held the event loop">
            <table>
              <thead>
                <tr>
                  <th>step</th>
                  <th class="number">times</th>
                  <th class="number">in all</th>
                  <th class="number">at most</th>
                  <th>place</th>
                </tr>
              </thead>
              <tbody>
                {state.holders.map(({ step, place, times, totalMs, maxMs }) => (
                  <tr key={`${step} ${place}`}>
                    <td>{step}</td>
                    <td class="number">{plural(times, "time")}</td>
                    <td class="number">{duration(totalMs)}</td>
                    <td class="number">{duration(maxMs)}</td>
                    <td class="why">{place}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scrolled>
        </div>
      )}
      <p class="sr">Memory: {bytes(memoryBytes.at(-1) ?? 0)}</p>
    </section>
  );
}

import type { InspectorState, LimitView, ResourceView } from "../../state.ts";
import { bytes, count, duration } from "../model/format.ts";
import { laneClass } from "../model/steps.ts";
import { Scrolled } from "./scrolled.tsx";

/** What steps need: resources that are loaded, and limits that they share. */
export function Needs({ state: { resources, limits } }: { state: InspectorState }) {
  if (resources.length === 0 && limits.length === 0) return null;
  return (
    <div class="two">
      {resources.length > 0 && <Resources resources={resources} />}
      {limits.length > 0 && <Limits limits={limits} />}
    </div>
  );
}

function Resources({ resources }: { resources: readonly ResourceView[] }) {
  return (
    <section aria-label="Resources">
      <h2>
        Resources <small>loaded once in each place</small>
      </h2>
      <Scrolled class="panel" name="Table of resources">
        <table>
          <thead>
            <tr>
              <th>resource</th>
              <th>where</th>
              <th>state</th>
              <th class="number">loads</th>
              <th class="number">took</th>
              <th class="number">memory</th>
            </tr>
          </thead>
          <tbody>
            {resources.map(({ name, where, worker, state, loads, loadMs, memory, error }) => (
              <tr key={`${name} ${where} ${worker}`} class={laneClass(where)}>
                <td>{name}</td>
                <td class="tag">
                  {where}
                  {worker === null ? "" : ` ${worker}`}
                </td>
                <td class={state === "failed" ? "bad" : ""}>
                  <span class={`dot ${state}`} /> {state}
                  {error === undefined ? "" : `: ${error}`}
                </td>
                <td class="number">{count(loads)}</td>
                <td class="number">{loadMs === null ? "" : duration(loadMs)}</td>
                <td class="number">{memory === null ? "" : bytes(memory)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolled>
    </section>
  );
}

function Limits({ limits }: { limits: readonly LimitView[] }) {
  return (
    <section aria-label="Limits">
      <h2>
        Limits <small>of all calls together</small>
      </h2>
      <Scrolled class="panel" name="Table of limits">
        <table>
          <thead>
            <tr>
              <th>step</th>
              <th class="number">at once</th>
              <th class="number">per second</th>
              <th class="number">running</th>
              <th class="number">waiting</th>
            </tr>
          </thead>
          <tbody>
            {limits.map(({ step, maxConcurrency, ratePerSecond, running, waiting }, at) => (
              <tr key={`${step} ${at}`}>
                <td>{step}</td>
                <td class="number">{maxConcurrency ?? "–"}</td>
                <td class="number">{ratePerSecond ?? "–"}</td>
                <td class="number">{count(running)}</td>
                <td class="number">{count(waiting)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolled>
    </section>
  );
}

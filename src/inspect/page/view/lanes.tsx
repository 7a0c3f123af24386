import type { WorkerStatus } from "../../../lanes/lane.ts";
import type { InspectorState, LaneView } from "../../state.ts";
import { bytes, count, duration, plural } from "../model/format.ts";
import { laneClass } from "../model/steps.ts";
import { Scrolled } from "./scrolled.tsx";

/** The lanes of all chains: their workers, what waits for them, and how inputs travel. */
export function Lanes({ state }: { state: InspectorState }) {
  if (state.lanes.length === 0) return null;
  return (
    <section aria-label="Lanes">
      <h2>
        Lanes <small>where steps run that would hold the event loop</small>
      </h2>
      <div class="lanes">
        {state.lanes.map((lane, at) => (
          <Lane key={`${lane.name} ${at}`} lane={lane} untilMs={state.elapsedMs} isOver={state.phase === "over"} />
        ))}
      </div>
    </section>
  );
}

function Lane({ lane, untilMs, isOver }: { lane: LaneView; untilMs: number; isOver: boolean }) {
  const { name, workers, busy, queued, statuses, stages, samples } = lane;
  const hosts = new Map<string | undefined, WorkerStatus[]>();
  for (const status of statuses) hosts.set(status.host, [...(hosts.get(status.host) ?? []), status]);
  return (
    <div class={`panel ${laneClass(name)}`}>
      <h3>
        <span class="tag">{name}</span>
        <small>
          {isOver
            ? plural(Math.max(workers, ...samples.map((sample) => sample.workers)), "worker")
            : `${count(busy)} of ${plural(workers, "worker")} busy, ${plural(queued, "input")} in the queue`}
        </small>
      </h3>
      <Fullness lane={lane} untilMs={untilMs} />
      {Array.from(hosts, ([host, all]) => (
        <div key={host ?? ""}>
          {host !== undefined && <p class="host">{host}</p>}
          <ul class="workers" aria-label={`Workers of ${name}`}>
            {all.map((status) => (
              <Worker key={`${status.worker} ${status.state === "lost"}`} status={status} />
            ))}
          </ul>
        </div>
      ))}
      {stages.length > 0 && (
        <Scrolled name={`Stages of ${name}`}>
          <table>
            <thead>
              <tr>
                <th>stage</th>
                <th class="number">inputs</th>
                <th class="number">together</th>
                <th class="number">costs</th>
                <th class="number">waits</th>
                <th class="number">moved</th>
              </tr>
            </thead>
            <tbody>
              {stages.map(({ label, inputs, chunk, costMs, queueMs, bytes: moved }, at) => (
                <tr key={`${label} ${at}`}>
                  <td>{label}</td>
                  <td class="number">{count(inputs)}</td>
                  <td class="number">{chunk === undefined ? "" : count(chunk)}</td>
                  <td class="number">{duration(costMs)}</td>
                  <td class="number">{inputs === 0 ? "–" : duration(queueMs / inputs)}</td>
                  <td class="number">{bytes(moved)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scrolled>
      )}
    </div>
  );
}

function Worker({ status: { worker, state, stages, inputs, served, reason } }: { status: WorkerStatus }) {
  const what =
    state === "lost"
      ? `lost: ${reason}${stages.length > 0 ? `, with ${stages.join(", ")}` : ""}`
      : state === "busy"
        ? `${stages.join(", ")} (${plural(inputs, "input")})`
        : `${plural(served, "input")} so far`;
  return (
    <li class={state}>
      <span class={`dot ${state}`} />
      <span>
        worker {worker} <b>{state}</b>
      </span>
      <span class="what">{what}</span>
    </li>
  );
}

const WIDTH = 600;
const HEIGHT = 48;

/** How many workers there were, how many of them were busy, and when inputs waited. */
function Fullness({ lane: { name, samples }, untilMs }: { lane: LaneView; untilMs: number }) {
  if (samples.length === 0) return null;
  const from = samples[0]!.atMs;
  const most = Math.max(1, ...samples.map(({ workers }) => workers));
  const x = (ms: number) => (((ms - from) / Math.max(1, untilMs - from)) * WIDTH).toFixed(1);
  const y = (value: number) => (HEIGHT - (value / most) * (HEIGHT - 3)).toFixed(1);
  const steps = (value: (sample: (typeof samples)[number]) => number) =>
    samples
      .map(
        (sample, at) =>
          `${x(sample.atMs)} ${y(value(sample))} L${x(samples[at + 1]?.atMs ?? untilMs)} ${y(value(sample))}`,
      )
      .join(" L");
  const busy = steps((sample) => sample.busy);
  return (
    <div class="chart tag">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${name} over time: up to ${plural(most, "worker")}`}
      >
        <line class="grid" x1="0" x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
        <path class="grid" fill="none" d={`M${steps((sample) => sample.workers)}`} />
        <path class="area" d={`M${busy} L${WIDTH} ${HEIGHT} L0 ${HEIGHT} Z`} />
        <path class="curve" d={`M${busy}`} />
      </svg>
    </div>
  );
}

import { useState } from "preact/hooks";
import type { InspectorState } from "../../state.ts";
import type { Link } from "../model/connection.ts";
import { count, duration, rate } from "../model/format.ts";
import { reportText } from "../model/report-text.ts";

interface Props {
  readonly state: InspectorState;
  readonly link: Link;
  readonly paused: boolean;
  readonly onPause: () => void;
}

/** What runs, how fast, how long it will take, and how much has failed. */
export function StatusLine({ state, link, paused, onPause }: Props) {
  const { title, counts, phase, elapsedMs, end } = state;
  const { fraction, remainingMs } = counts;
  const isLive = link === "open" && phase === "running";
  return (
    <>
      <div class={counts.failed > 0 && phase === "over" ? "bar bad" : "bar"}>
        {fraction !== undefined && (
          <i style={{ width: `${(phase === "over" && end === "finished" ? 1 : fraction) * 100}%` }} />
        )}
      </div>
      <div class="wrap headline">
        <div class="title">
          <h1>{title}</h1>
          <p>
            <span
              class={`dot ${isLive && !paused ? "running" : end !== undefined && end !== "finished" ? "bad" : ""}`}
            />
            {phaseText(state, link, paused)} <span>· {duration(elapsedMs)}</span>
          </p>
        </div>
        <dl class="figures">
          <Figure
            name="done"
            value={
              fraction === undefined ? count(counts.done) : `${count(counts.done)} · ${Math.floor(fraction * 100)} %`
            }
          />
          <Figure name={phase === "over" ? "rate" : "rate now"} value={rate(counts.perSecond)} />
          {phase === "running" && <Figure name="running" value={count(counts.running)} />}
          {phase === "running" && remainingMs !== undefined && (
            <Figure name="remaining" value={duration(remainingMs)} />
          )}
          <Figure name="failed" value={count(counts.failed)} isBad={counts.failed > 0} />
        </dl>
        <div class="tools">
          {link !== "report" && phase === "running" && (
            <button type="button" aria-pressed={paused} onClick={onPause}>
              {paused ? "Resume" : "Pause"}
            </button>
          )}
          <Copy state={state} />
          {link !== "report" && (
            <button type="button" onClick={() => location.assign(`report.html${location.search}`)}>
              Save
            </button>
          )}
        </div>
      </div>
    </>
  );
}

function phaseText({ phase, end, counts }: InspectorState, link: Link, paused: boolean): string {
  if (phase === "over") return end ?? "finished";
  if (paused) return "paused";
  if (link === "lost" || link === "closed") return "not connected";
  return counts.running > 0 ? "running" : "idle";
}

function Figure({ name, value, isBad = false }: { name: string; value: string; isBad?: boolean }) {
  return (
    <div class={isBad ? "bad" : ""}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** Copies what the page shows, as Markdown. */
function Copy({ state }: { state: InspectorState }) {
  const [said, setSaid] = useState("");
  const copy = async () => {
    const text = reportText(state);
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      copyBySelection(text);
    }
    setSaid("Copied");
    setTimeout(() => setSaid(""), 2000);
  };
  return (
    <button type="button" onClick={copy}>
      <span aria-live="polite">{said || "Copy as text"}</span>
    </button>
  );
}

/** Where the page is not allowed to write to the clipboard. */
function copyBySelection(text: string): void {
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

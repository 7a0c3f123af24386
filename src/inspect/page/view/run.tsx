import { Component } from "preact";
import type { RunView, SpanView } from "../../state.ts";
import { duration, percent } from "../model/format.ts";
import { laneClass } from "../model/steps.ts";

interface Props {
  readonly run: RunView;
  readonly filter: string;
  readonly showsChain: boolean;
  readonly elapsedMs: number;
}

/** One run: a line, which opens to its waterfall. What has ended does not change any more, and is drawn once. */
export class Run extends Component<Props> {
  override shouldComponentUpdate(next: Props): boolean {
    const { run, filter } = this.props;
    return next.run.state === "running" || run.state === "running" || next.filter !== filter;
  }

  override render({ run, filter, showsChain, elapsedMs }: Props) {
    const { id, index, chain, state, step, error, spans } = run;
    const took = run.ms ?? Math.max(0, elapsedMs - run.atMs);
    const name = index === undefined ? `run ${id}` : `input ${index}`;
    return (
      <li>
        <details>
          <summary class={state}>
            <span class={`dot ${state === "done" ? "ready" : state === "failed" ? "bad" : "busy"}`} />
            <span>{name}</span>
            <span class="ms">{duration(took)}</span>
            <span class="say">
              {showsChain && `${chain} · `}
              {summary(run, took)}
            </span>
            <Mini spans={spans} totalMs={took} />
          </summary>
          <div class="waterfall">
            {spans.length === 0 && (
              <p class="empty">It was not followed step by step: too many ran at the time, or it never began.</p>
            )}
            {spans.map((span, at) => (
              <Span key={at} span={span} totalMs={took} isDim={filter !== "" && span.name !== filter} />
            ))}
            {error !== undefined && (
              <div class="error">
                <h3>Error{step === undefined ? "" : ` in ${step}`}</h3>
                <pre>{error}</pre>
              </div>
            )}
            {(run.input !== undefined || run.output !== undefined) && (
              <div class="values">
                <Value name="Input" text={run.input} />
                <Value name="Output" text={run.output} />
              </div>
            )}
          </div>
        </details>
      </li>
    );
  }
}

/** What is worth saying of a run in half a line: where it failed, where it is, or where it spent most of its time. */
function summary({ state, step, error, spans }: RunView, took: number): string {
  if (state === "failed") return `failed${step === undefined ? "" : ` in ${step}`}: ${error}`;
  if (state === "running") return spans.length === 0 ? "running" : `running: ${spans.at(-1)!.name}`;
  const parts = spans.flatMap(({ name, lane, depth, waitMs = 0, ms = 0 }) =>
    depth > 0
      ? []
      : [
          { text: `waited for ${lane}`, ms: waitMs },
          { text: name, ms },
        ],
  );
  const most = parts.reduce((most, part) => (part.ms > most.ms ? part : most), { text: "", ms: 0 });
  return most.ms >= took / 2 ? `${percent(most.ms / took)} ${most.text}` : "";
}

function Value({ name, text }: { name: string; text: string | undefined }) {
  if (text === undefined) return null;
  return (
    <div>
      <h3>{name}</h3>
      <pre>{text}</pre>
    </div>
  );
}

/** Where a bar begins and how long it is, for the part that it waits and the part that it runs. */
function bars({ atMs, waitMs = 0, ms }: SpanView, totalMs: number) {
  const share = (value: number) => `${Math.min(100, Math.max(0, (value / Math.max(1e-6, totalMs)) * 100))}%`;
  const runs = ms ?? Math.max(0, totalMs - atMs);
  return {
    wait: waitMs > 0 ? { left: share(atMs - waitMs), width: share(waitMs) } : undefined,
    run: { left: share(atMs), width: share(runs) },
  };
}

/** The whole run in one line. */
function Mini({ spans, totalMs }: { spans: readonly SpanView[]; totalMs: number }) {
  return (
    <span class="mini" aria-hidden="true">
      {spans
        .filter(({ depth }) => depth === 0)
        .map((span, at) => {
          const { wait, run } = bars(span, totalMs);
          return (
            <span key={at} class={laneClass(span.lane)}>
              {wait && <i class="wait" style={wait} />}
              <i class={span.failed ? "bad" : ""} style={run} />
            </span>
          );
        })}
    </span>
  );
}

function Span({ span, totalMs, isDim }: { span: SpanView; totalMs: number; isDim: boolean }) {
  const { name, lane, depth, waitMs, ms, failed, output } = span;
  const { wait, run } = bars(span, totalMs);
  return (
    <div class={`span ${laneClass(lane)}`} style={{ opacity: isDim ? 0.5 : 1 }}>
      <span class="name" style={{ paddingLeft: `${depth * 14}px` }} title={output ?? name}>
        {name}
      </span>
      <span class="tag">{lane}</span>
      <span class="track" aria-hidden="true">
        {wait && <i class="wait" style={wait} />}
        <i class={failed ? "bad" : ""} style={run} />
      </span>
      <span class="took">
        {ms === undefined ? "running" : duration(ms)}
        {waitMs !== undefined && waitMs > 0 ? `, waited ${duration(waitMs)}` : ""}
        {failed ? ", failed" : ""}
      </span>
    </div>
  );
}

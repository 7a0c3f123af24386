import { duration } from "../model/format.ts";

interface Props {
  readonly name: string;
  readonly values: readonly number[];
  /** When each of them was, and when the last one ends. */
  readonly atMs: readonly number[];
  readonly untilMs: number;
  /** The value at the upper end. */
  readonly top: number;
  readonly say: (value: number) => string;
  /** What the chart shows, in words. */
  readonly summary: string;
  readonly isOver: boolean;
}

const WIDTH = 600;
const HEIGHT = 78;

/** A value over time. */
export function Chart({ name, values, atMs, untilMs, top, say, summary, isOver }: Props) {
  const from = atMs[0] ?? 0;
  const span = Math.max(1, untilMs - from);
  const x = (ms: number) => (((ms - from) / span) * WIDTH).toFixed(1);
  const y = (value: number) => (HEIGHT - (Math.min(value, top) / top) * (HEIGHT - 4)).toFixed(1);
  const points = values.map((value, at) => `${x(atMs[at]!)} ${y(value)}`);
  const last = values.at(-1) ?? 0;
  if (points.length > 0) points.push(`${WIDTH} ${y(last)}`);
  const curve = points.length === 0 ? "" : `M${points.join(" L")}`;
  return (
    <figure class="panel chart loop">
      <figcaption>{name}</figcaption>
      <span class="now">
        {!isOver && <b>{say(last)}</b>} {summary}
      </span>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${name}: ${isOver ? "" : `${say(last)} now, `}${summary}`}
        class="tag"
      >
        <line class="grid" x1="0" x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
        <line class="grid" x1="0" x2={WIDTH} y1={HEIGHT / 2} y2={HEIGHT / 2} />
        {curve !== "" && <path class="area" d={`${curve} L${WIDTH} ${HEIGHT} L${x(from)} ${HEIGHT} Z`} />}
        {curve !== "" && <path class="curve" d={curve} />}
      </svg>
      <div class="ends" aria-hidden="true">
        <span>{isOver ? "start" : `${duration(span)} ago`}</span>
        <span>{isOver ? duration(untilMs) : "now"}</span>
      </div>
    </figure>
  );
}

import type { StepRow } from "../../../observe/statistics.ts";
import { count, duration } from "../model/format.ts";

const WIDTH = 92;
const HEIGHT = 18;

/** How many inputs took how long: from short to long, on a logarithmic scale. */
export function Histogram({ buckets }: { buckets: StepRow["histogram"] }) {
  if (buckets.length === 0) return null;
  const most = Math.max(...buckets.map(([, , many]) => many));
  const [first, last] = [Math.log2(buckets[0]![0]), Math.log2(buckets.at(-1)![1])];
  const x = (ms: number) => ((Math.log2(ms) - first) / Math.max(1e-9, last - first)) * WIDTH;
  return (
    <svg
      class="bars"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`from ${duration(buckets[0]![0])} to ${duration(buckets.at(-1)![1])}`}
    >
      {buckets.map(([from, to, many]) => {
        const height = Math.max(1, (many / most) * HEIGHT);
        return (
          <rect key={from} x={x(from)} y={HEIGHT - height} width={Math.max(1, x(to) - x(from) - 0.5)} height={height}>
            <title>{`${duration(from)} – ${duration(to)}: ${count(many)}`}</title>
          </rect>
        );
      })}
    </svg>
  );
}

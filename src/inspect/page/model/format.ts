/** `1,234,567` */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** `0.41 µs`, `8.25 ms`, `1.50 s`, `12 min 5 s`: three digits are enough to compare. */
export function duration(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return "–";
  if (ms > 0 && ms < 1) return `${digits(ms * 1000)} µs`;
  if (ms < 1000) return `${digits(ms)} ms`;
  if (ms < 60_000) return `${digits(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** `312/s` */
export function rate(perSecond: number): string {
  return `${perSecond < 10 ? digits(perSecond) : count(perSecond)}/s`;
}

/** `1.2 GB`, `182 MB`, `3.4 kB`, in units of 1,000. */
export function bytes(value: number): string {
  if (value >= 1e9) return `${digits(value / 1e9)} GB`;
  if (value >= 1e6) return `${digits(value / 1e6)} MB`;
  return value >= 1000 ? `${digits(value / 1000)} kB` : `${count(value)} B`;
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** A number and its noun: `1 worker`, `3 workers`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

function digits(value: number): string {
  if (value === 0) return "0";
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1);
  return value >= 1 ? value.toFixed(2) : value.toFixed(3);
}

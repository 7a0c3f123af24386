/** A number with separators: `1,234,567`. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** A time with three digits, which are enough to compare: `0.41 µs`, `8.25 ms`, `1.50 s`, `12 min 5 s`. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return "-";
  if (ms > 0 && ms < 1) return `${digits(ms * 1000)} µs`;
  if (ms < 1000) return `${digits(ms)} ms`;
  return ms < 60_000 ? `${digits(ms / 1000)} s` : formatRemaining(ms);
}

/** A time in whole seconds, for estimates: `45 s`, `12 min 5 s`, `2 h 10 min`. */
export function formatRemaining(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** A rate per second: `312/s`. */
export function formatRate(perSecond: number): string {
  return `${perSecond < 10 ? digits(perSecond) : formatCount(perSecond)}/s`;
}

/** A size in units of 1,000,000 bytes: `182 MB`. */
export function formatBytes(bytes: number): string {
  return bytes < 1e9 ? `${formatCount(bytes / 1e6)} MB` : `${digits(bytes / 1e9)} GB`;
}

function digits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1);
  return value >= 1 || value === 0 ? value.toFixed(2) : value.toFixed(3);
}

/** Microseconds are as precise as the clock is worth. */
export function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

export { diagnose } from "./diagnose.ts";
export { pageOf } from "./page.ts";
export type { Compare, DiagnoseOptions, Diagnosis, Finding, FindingId, Metric, Proof } from "./types.ts";

export type { Admission, AdmitRequest, LimitKeeper, SharedLimit } from "../batching/shared-limits.ts";
export type {
  Broker,
  BrokerOptions,
  BrokerState,
  Bytes,
  OutcomePart,
  RunAbout,
  RunRef,
  RunState,
  ServeOptions,
  Serving,
  SubmittedChunk,
  TakenChunk,
  Work,
  WorkerState,
} from "./broker.ts";
export { cluster } from "./lane/cluster.ts";
export type { ClusterOptions } from "./lane/cluster-lane.ts";
export { openBroker } from "./open-broker.ts";

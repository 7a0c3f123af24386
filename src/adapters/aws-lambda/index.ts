export { type HandlerOptions, handler, type QueueOptions } from "./handler.ts";
export type { HttpEvent } from "./http-event.ts";
export type { QueueRecord } from "./queue-event.ts";
export type { StreamFormat } from "./respond-streaming.ts";
export type { LambdaContext, LambdaHandler } from "./types.ts";

export type { AdmissionOptions } from "./admission.ts";
export type { ChatMessage } from "./chat.ts";
export { createHandler, type RequestInfo } from "./handler.ts";
export type { ConfigRules } from "./langserve/config.ts";
export type { AuthenticatedRequest, Client, RequestLog, ServeOptions } from "./options.ts";
export { type RouteOptions, toResponse, toSSE } from "./routes.ts";
export { createServer, type ListenOptions, type RunlaneServer, type StopOptions } from "./server.ts";
export type { Chains } from "./service.ts";

export type { RemoteRunnableFields } from "./options.ts";
export { RemoteRunnable } from "./remote-runnable.ts";

/** What the thread of the server is started with. */
export interface ServerData {
  readonly host: string;
  readonly port: number;
  readonly token: string;
  /** The page. */
  readonly file: string;
}

/** What it is told: the state of the moment, in JSON; or to end. */
export type ToServer = { readonly state: string } | { readonly close: true };

/** What it tells: where it listens, how many look, or why it cannot listen. */
export type FromServer =
  | { readonly port: number }
  | { readonly looking: number }
  | { readonly failure: string; readonly code: string | undefined }
  | "closed";

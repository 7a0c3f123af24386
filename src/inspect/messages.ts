/** The start options of the server's thread. */
export interface ServerData {
  readonly host: string;
  readonly port: number;
  readonly token: string;
  /** The page. */
  readonly file: string;
}

/** A message to it: the state of the moment, in JSON; or the end. */
export type ToServer = { readonly state: string } | { readonly close: true };

/** A message from it: where it listens, how many look, or why it cannot listen. */
export type FromServer =
  | { readonly port: number }
  | { readonly looking: number }
  | { readonly failure: string; readonly code: string | undefined }
  | "closed";

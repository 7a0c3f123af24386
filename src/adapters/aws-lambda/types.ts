/** The context that AWS Lambda calls a function with, as far as Runlane reads it. */
export interface LambdaContext {
  /** The id of the request. */
  readonly awsRequestId?: string;
  /** The time that is left for the call, in milliseconds. */
  getRemainingTimeInMillis(): number;
  /** Whether the call ends only when the event loop has nothing more to do. */
  callbackWaitsForEmptyEventLoop?: boolean;
}

/** The stream that a function writes its response to, where the runtime streams. */
export interface ResponseStream {
  write(chunk: string | Uint8Array): boolean;
  end(): unknown;
  once(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
  setContentType?(type: string): void;
}

/** The global variable of the Node.js runtime. */
export interface LambdaGlobal {
  streamifyResponse(
    handler: (event: unknown, responseStream: ResponseStream, context: LambdaContext) => Promise<void>,
  ): (event: unknown, context?: LambdaContext) => Promise<unknown>;
  readonly HttpResponseStream?: { from(stream: ResponseStream, prelude: HttpPrelude): ResponseStream };
}

/** The part before the body of a streamed HTTP response. */
export interface HttpPrelude {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** A function as AWS Lambda calls it. */
export interface LambdaHandler {
  (event: unknown, context?: LambdaContext): Promise<unknown>;
  /**
   * Settles when everything is loaded that the chain uses. It never rejects: the error of a load is thrown by the first call. Waiting for
   * it at the top of the module makes loading a part of the init phase.
   */
  readonly ready: Promise<void>;
}

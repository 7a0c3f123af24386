/** An answer that is not a result: it says what is wrong with a request, or that it cannot be taken now. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  /**
   * @param status The HTTP status.
   * @param detail The fault, as LangServe writes it: `{ detail }`. Nothing in it may be secret.
   * @param headers Headers of the answer besides the content type.
   */
  constructor(
    readonly status: number,
    readonly detail: unknown,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(typeof detail === "string" ? detail : `HTTP ${status}`);
  }
}

export function notUtf8(): Refusal {
  return new Refusal(400, "The body is not valid UTF-8.");
}

/** The refusal of a request for which there is no room. @param retryAfter Seconds after which there may be. */
export function tooMuchToDo(retryAfter: string): Refusal {
  return new Refusal(503, "The server has as much to do as it can. Try again later.", { "retry-after": retryAfter });
}

/** One fault of a body, in the form of pydantic, which LangServe's clients know. */
export interface RequestIssue {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input?: unknown;
}

/** The refusal of a body of the right form with the wrong content: 422, with the place of each issue. */
export function invalidBody(issues: readonly RequestIssue[]): Refusal {
  return new Refusal(422, issues);
}

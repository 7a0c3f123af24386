import { setTimeout as sleep } from "node:timers/promises";

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 2000;

/**
 * Does things again until they work, as long as the error will pass: a server that restarts, a network that is gone for
 * minutes. Says so once, and once more when it is over.
 */
export class Patience {
  private readonly closing = new AbortController();
  private isTroubled = false;

  /**
   * @param reasonToWait Why an error will pass, in words; undefined for one that will not.
   * @param onTrouble See {@link BrokerOptions.onTrouble}.
   */
  constructor(
    private readonly reasonToWait: (error: unknown) => string | undefined,
    private readonly onTrouble: ((reason: string | undefined) => void) | undefined,
  ) {}

  /** Aborts when nobody waits any more. */
  get signal(): AbortSignal {
    return this.closing.signal;
  }

  /** Does something, however long it takes. @throws Errors that will not pass, and any error after {@link end}. */
  async insist<T>(attempt: () => Promise<T>): Promise<T> {
    for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)) {
      try {
        const value = await attempt();
        this.tell(undefined);
        return value;
      } catch (error) {
        const reason = this.reasonToWait(error);
        if (reason === undefined || this.closing.signal.aborted) throw error;
        this.tell(reason);
        await sleep(delayMs, undefined, { signal: this.closing.signal }).catch(() => {});
      }
    }
  }

  /** Throws every error from now on. */
  end(): void {
    this.closing.abort();
  }

  private tell(reason: string | undefined): void {
    if (this.isTroubled === (reason !== undefined)) return;
    this.isTroubled = reason !== undefined;
    if (!this.closing.signal.aborted) this.onTrouble?.(reason);
  }
}

import { setTimeout as sleep } from "node:timers/promises";
import type { Admission, AdmitRequest, LimitKeeper, SharedLimit } from "../batching/shared-limits.ts";
import type { BrokerOptions } from "./broker.ts";
import type { LimitConnection } from "./limits.ts";
import { Patience } from "./patience.ts";

/** The time in milliseconds for which a connection stays open that nobody needs: an open one keeps its process alive. */
const IDLE_MS = 200;

type OpenLimits = (url: string, options: BrokerOptions) => Promise<LimitConnection>;

const keepers = new Map<string, LimitKeeper>();

/** The keeper of all limits of this thread at a broker. It connects when it is needed, and waits for the broker as long as that takes. */
export function openLimitKeeper(url: string, open: OpenLimits): LimitKeeper {
  let keeper = keepers.get(url);
  if (keeper === undefined) {
    keeper = new ConnectedKeeper(url, open);
    keepers.set(url, keeper);
  }
  return keeper;
}

class ConnectedKeeper implements LimitKeeper {
  private readonly patience: Patience;
  private opened: Promise<LimitConnection> | undefined;
  /** The holders that have places or wait for some, or ask just now. */
  private readonly live = new Set<string>();
  private isTroubled = false;
  /** Says once that the broker is gone, if that concerns anybody, and once that it is back. */
  private readonly onTrouble = (reason: string | undefined): void => {
    if (reason === undefined ? !this.isTroubled : this.isTroubled || this.live.size === 0) return;
    this.isTroubled = reason !== undefined;
    tellTrouble(reason);
  };

  constructor(
    private readonly url: string,
    private readonly open: OpenLimits,
  ) {
    this.patience = new Patience(reasonToWait, this.onTrouble);
  }

  async admit(limit: SharedLimit, request: AdmitRequest): Promise<Admission> {
    this.live.add(request.holder);
    try {
      return await (await this.connection()).admit(limit, request);
    } finally {
      if (request.running === 0 && request.wanted === 0) {
        this.live.delete(request.holder);
        if (this.live.size === 0) void this.closeIdle();
      }
    }
  }

  private connection(): Promise<LimitConnection> {
    this.opened ??= this.patience
      .insist(() => this.open(this.url, { onTrouble: this.onTrouble }))
      .catch((error) => {
        // The next one tries again.
        this.opened = undefined;
        throw error;
      });
    return this.opened;
  }

  private async closeIdle(): Promise<void> {
    const { opened } = this;
    await sleep(IDLE_MS);
    if (opened === undefined || opened !== this.opened || this.live.size > 0) return;
    this.opened = undefined;
    await (await opened).close();
  }
}

function reasonToWait(error: unknown): string | undefined {
  const { code, details } = error as { code?: unknown; details?: { reason?: string } };
  return code === "RUNLANE_BROKER_UNREACHABLE" ? details?.reason : undefined;
}

function tellTrouble(reason: string | undefined): void {
  process.emitWarning(
    reason === undefined
      ? "The broker of shared limits is back."
      : `The broker of shared limits is out of reach (${reason}); what is limited waits for it.`,
    { code: "RUNLANE_BROKER_UNREACHABLE" },
  );
}

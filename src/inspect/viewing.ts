import { onBeat } from "../observe/beat.ts";
import { BEAT_MS, type Collector } from "./collector.ts";
import { type PageAddress, PageServer } from "./page-server.ts";

/** A viewer gets five states a second while something happens: people see no more, and a browser is busy with each. */
const BEATS_PER_STATE = 4;
/** While nothing happens, every so manyeth of them is enough to see that it lives. */
const STATES_LEFT_OUT = 4;
/** A viewer who reloads the page is away for a moment. */
const LINGER_MS = 2000;

/** The collecting that goes on while somebody looks. */
export interface ViewingOptions extends PageAddress {
  /** Begins to measure what costs something. @returns What ends it. */
  readonly attach: () => () => void;
}

/** Shows to those who look what a collector gathers. While nobody does, there is neither a timer nor an observer. */
export class Viewing {
  private stopShowing: (() => void) | undefined;
  private lingering: NodeJS.Timeout | undefined;
  private detach: (() => void) | undefined;
  private server: PageServer | undefined;
  private readonly left = new Set<() => void>();
  private shown = "";
  private leftOut = 0;

  private constructor(
    private readonly collector: Collector,
    private readonly options: ViewingOptions,
  ) {}

  /** @throws RUNLANE_INSPECTOR */
  static async open(collector: Collector, options: ViewingOptions): Promise<Viewing> {
    const viewing = new Viewing(collector, options);
    viewing.server = await PageServer.open(options, (looking) => viewing.onLooking(looking));
    // Somebody may come while the event loop is held.
    viewing.show();
    return viewing;
  }

  /** The address of the page. */
  get url(): string {
    return this.server!.url;
  }

  /** How many look. */
  get looking(): number {
    return this.server!.looking;
  }

  /** A run that is over is shown once. */
  finish(): void {
    this.pause();
    if (this.looking > 0) this.show();
  }

  /** Settles as soon as nobody has looked for some seconds. */
  nobodyLooks(): Promise<void> {
    if (this.looking === 0 && this.lingering === undefined) return Promise.resolve();
    return new Promise((resolve) => this.left.add(resolve));
  }

  async close(): Promise<void> {
    this.pause();
    clearTimeout(this.lingering);
    this.end();
    await this.server?.close();
  }

  private onLooking(looking: number): void {
    if (looking > 0) {
      clearTimeout(this.lingering);
      this.lingering = undefined;
      this.detach ??= this.options.attach();
      this.show();
      if (this.collector.end === undefined)
        this.stopShowing ??= onBeat(BEAT_MS, () => this.showNews(), BEATS_PER_STATE);
      return;
    }
    this.pause();
    // It keeps the process alive: somebody may wait for it.
    this.lingering ??= setTimeout(() => {
      this.lingering = undefined;
      this.end();
      for (const resolve of this.left) resolve();
      this.left.clear();
    }, LINGER_MS);
  }

  private show(): void {
    this.shown = this.collector.activity;
    this.leftOut = 0;
    this.server?.show(JSON.stringify(this.collector.state()));
  }

  private showNews(): void {
    if (this.collector.activity !== this.shown || ++this.leftOut > STATES_LEFT_OUT) this.show();
  }

  private pause(): void {
    this.stopShowing?.();
    this.stopShowing = undefined;
  }

  private end(): void {
    this.detach?.();
    this.detach = undefined;
  }
}

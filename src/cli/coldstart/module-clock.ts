import type { ModuleTime } from "./messages.ts";

interface Entry {
  parent: string | undefined;
  selfMs: number;
}

/**
 * Gives every moment of an import to one module: to the one that is being found, read and compiled, or to the innermost one that is
 * running. A module belongs to the one that was first to import it.
 */
export class ModuleClock {
  private readonly entries = new Map<string, Entry>();
  private readonly running: string[] = [];
  private current: string | undefined;
  private last = performance.now();

  /** Takes note that a module has been found, for the one that imports it. */
  resolved(url: string, parent: string | undefined): void {
    this.spend(this.entry(url, parent));
  }

  /** Takes note that a module has been read. It is compiled next. */
  loaded(url: string): void {
    this.spend(this.entry(url, undefined));
    this.current = url;
  }

  /** Gives the time until now to the module that was going on, because something else begins. */
  pause(): void {
    this.spend(this.current === undefined ? undefined : this.entries.get(this.current));
  }

  enter(url: string): void {
    this.pause();
    this.entry(url, this.running.at(-1));
    this.running.push(url);
    this.current = url;
  }

  leave(url: string): void {
    this.pause();
    // Modules that wait at their top level do not end in the order in which they began.
    const place = this.running.lastIndexOf(url);
    if (place !== -1) this.running.splice(place, 1);
    this.current = this.running.at(-1);
  }

  /** Adds time of a module that was measured elsewhere. */
  add(url: string, parent: string | undefined, ms: number): void {
    this.entry(url, parent).selfMs += ms;
  }

  /** All modules, the dearest with what they import first. */
  times(): ModuleTime[] {
    this.pause();
    const imported = new Map<string, string[]>();
    for (const [url, { parent = "" }] of this.entries) {
      const siblings = imported.get(parent);
      if (siblings === undefined) imported.set(parent, [url]);
      else siblings.push(url);
    }
    const totals = new Map<string, number>();
    const totalOf = (url: string): number => {
      const known = totals.get(url);
      if (known !== undefined) return known;
      const { selfMs } = this.entries.get(url)!;
      // Entered before it is complete, so that a circle would end.
      totals.set(url, selfMs);
      const total = (imported.get(url) ?? []).reduce((sum, child) => sum + totalOf(child), selfMs);
      totals.set(url, total);
      return total;
    };
    return [...this.entries]
      .map(([url, { selfMs }]) => ({ url, selfMs, totalMs: totalOf(url) }))
      .sort((one, other) => other.totalMs - one.totalMs);
  }

  private entry(url: string, parent: string | undefined): Entry {
    let entry = this.entries.get(url);
    if (entry === undefined) {
      entry = { parent: undefined, selfMs: 0 };
      this.entries.set(url, entry);
    }
    if (parent !== url) entry.parent ??= parent;
    return entry;
  }

  private spend(entry: Entry | undefined): void {
    const now = performance.now();
    if (entry !== undefined) entry.selfMs += now - this.last;
    this.last = now;
  }
}

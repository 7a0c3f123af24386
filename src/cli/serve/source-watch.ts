import { existsSync, type FSWatcher, readdirSync, watch } from "node:fs";
import { dirname, join } from "node:path";

/** The files that programs are written in. */
const SOURCE = /\.(?:[cm]?[jt]sx?|json)$/;
/** Folders that are not watched: packages do not change while one works on a pipeline, and there are thousands of folders of them. */
const LEFT_OUT = /^(?:node_modules|\..+)$/;
/** The time to wait for further changes, in milliseconds: an editor writes a file in several steps. */
const SETTLE_MS = 50;

/** The folder with the sources of a module: that of its package, else its own. */
export function projectOf(file: string): string {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
    if (dirname(folder) === folder) return dirname(file);
  }
}

/** Watches the sources in some folders, with all folders in them. */
export class SourceWatch {
  private readonly watchers = new Map<string, FSWatcher>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** @param onChange Called when sources have changed, once for changes that come together. */
  constructor(
    folders: readonly string[],
    private readonly onChange: () => void,
  ) {
    for (const folder of folders) this.add(folder);
  }

  stop(): void {
    clearTimeout(this.timer);
    for (const watcher of this.watchers.values()) watcher.close();
    this.watchers.clear();
  }

  private add(folder: string): void {
    if (this.watchers.has(folder)) return;
    try {
      const watcher = watch(folder, (_event, name) => this.changed(folder, name));
      watcher.on("error", () => this.remove(folder));
      this.watchers.set(folder, watcher);
      for (const entry of readdirSync(folder, { withFileTypes: true }))
        if (entry.isDirectory() && !LEFT_OUT.test(entry.name)) this.add(join(folder, entry.name));
    } catch {
      // It has gone meanwhile, or may not be read: nothing is loaded from there.
      this.remove(folder);
    }
  }

  private remove(folder: string): void {
    this.watchers.get(folder)?.close();
    this.watchers.delete(folder);
  }

  private changed(folder: string, name: string | null): void {
    if (name === null || LEFT_OUT.test(name)) return;
    if (SOURCE.test(name)) {
      clearTimeout(this.timer);
      this.timer = setTimeout(this.onChange, SETTLE_MS);
    } else if (!name.includes(".")) this.add(join(folder, name));
  }
}

import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import lock from "../package-lock.json" with { type: "json" };

it("has classes that go by their own names, as built", async () => {
  const built: Record<string, unknown> = await import(new URL("../dist/index.js", import.meta.url).href);
  const classes = Object.entries(built).filter(([, value]) => String(value).startsWith("class "));
  const names = classes.map(([, value]) => (value as { name: string }).name);
  expect(names.length).toBeGreaterThan(20);
  expect(names).toEqual(classes.map(([name]) => (name === "RunnableMap" ? "RunnableParallel" : name)));
});

it("has the kernel once, however many entries share it", () => {
  const dist = new URL("../dist/", import.meta.url);
  const copies = readdirSync(dist, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".js") && !path.startsWith("test-modules"))
    .filter((path) => hasKernel(readFileSync(new URL(path, dist), "utf8")));
  expect(copies).toHaveLength(1);
});

function hasKernel(code: string): boolean {
  return /\bclass RunnableLambda\b|\bRunnableLambda ?= ?class\b/.test(code);
}

/** The files that an entry loads at once. */
function loadedBy(entry: string): URL[] {
  const found: string[] = [];
  const add = (url: URL): void => {
    if (found.includes(url.href)) return;
    found.push(url.href);
    const imports = readFileSync(url, "utf8").matchAll(/\b(?:from|import)\s?"(\.[^"]+)"/g);
    for (const [, path] of imports) add(new URL(path!, url));
  };
  add(new URL(`../dist/${entry}`, import.meta.url));
  return found.map((href) => new URL(href));
}

it("starts workers without the kernel, which they load with their first step", () => {
  for (const entry of ["lanes/worker/thread.js", "lanes/worker/process.js"]) {
    const files = loadedBy(entry);
    expect(files.length).toBeGreaterThan(1);
    expect(files.filter((url) => hasKernel(readFileSync(url, "utf8")))).toEqual([]);
  }
});

it("is loaded from three files, as is a thread: each more takes a millisecond", () => {
  expect(loadedBy("index.js")).toHaveLength(3);
  expect(loadedBy("lanes/worker/thread.js")).toHaveLength(3);
});

interface Locked {
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** All packages that are installed with this one, and their licences. */
function installed(): Map<string, string | undefined> {
  const packages: Readonly<Record<string, Locked>> = lock.packages;
  const found = new Map<string, string | undefined>();
  const add = ({ dependencies, optionalDependencies }: Locked): void => {
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const one = packages[`node_modules/${name}`];
      if (one === undefined || found.has(name)) continue;
      found.set(name, one.license);
      add(one);
    }
  };
  add(lock.packages[""] as Locked);
  return found;
}

it("is documented with the licence of each package that is installed with it", () => {
  const page = readFileSync(new URL("../docs/package.md", import.meta.url), "utf8");
  const [, table = ""] = /\n\| package \|.*\n\| --- .*\n((?:\|.*\n)+)/.exec(page) ?? [];
  const rows = [...table.matchAll(/^\| (\S+) \| (\S+) \|/gm)].map(([, name, licence]) => [name, licence]);
  expect(rows.sort()).toEqual([...installed()].sort());
});

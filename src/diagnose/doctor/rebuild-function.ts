import { closureValues } from "../../shipping/functions/closure.ts";

/** Modules of Node whose exports every thread can get by itself. */
const BUILTINS = [
  "fs",
  "zlib",
  "crypto",
  "child_process",
  "path",
  "util",
  "os",
  "url",
  "fs/promises",
  "buffer",
  "timers/promises",
];

export interface Rebuilt {
  /** The function, which takes its captured variables from `config.uses`, and nothing else from around it. */
  readonly func: (input: unknown, config: { uses: Record<string, unknown> }) => unknown;
  readonly uses: Record<string, unknown>;
  /** The captured variables that are Node's own, which no `uses` can have. */
  readonly builtins: readonly string[];
}

/**
 * A function again, from its source, with the variables that it captures in `uses`: what a user would write. It has the values that
 * they have now.
 *
 * @returns undefined when the engine does not tell the values.
 */
export function rebuildFunction(func: (...args: never[]) => unknown, names: readonly string[]): Rebuilt | undefined {
  const values = closureValues(func, names);
  if (values === undefined) return undefined;
  const uses: Record<string, unknown> = {};
  const declarations: string[] = [];
  const builtins: string[] = [];
  for (const name of names) {
    const home = builtinOf(values.get(name));
    if (home === undefined) {
      uses[name] = values.get(name);
      declarations.push(`const ${name} = config.uses.${name};`);
    } else {
      builtins.push(name);
      declarations.push(`const ${name} = ${home};`);
    }
  }
  const source = Function.prototype.toString.call(func);
  if (/\b__name\b/.test(source)) declarations.push("const __name = (target) => target;");
  const text = `return (input, config) => { ${declarations.join(" ")} return (${source})(input, config); }`;
  try {
    return { func: new Function(text)() as Rebuilt["func"], uses, builtins };
  } catch {
    return undefined;
  }
}

/** The expression that gives an export of Node's in any thread. */
function builtinOf(value: unknown): string | undefined {
  if (typeof value !== "function" && (typeof value !== "object" || value === null)) return undefined;
  for (const name of BUILTINS) {
    const module = process.getBuiltinModule(`node:${name}`) as unknown as Record<string, unknown>;
    const home = `process.getBuiltinModule("node:${name}")`;
    if (module === value) return home;
    for (const key of Object.keys(module)) if (module[key] === value) return `${home}.${key}`;
  }
  return undefined;
}

/**
 * The form of values of which structured clone alone would lose something: the value as structured clone keeps it, with holes where objects
 * of other kinds go, and the entries that fill them. Containers are named by reference, since structured clone keeps identity within a
 * message, so nothing has to be searched on arrival.
 */
export interface Envelope {
  readonly "runlane:packed": 1;
  root: unknown;
  readonly entries: Entry[];
  /** Entries and collections to finish, each after those that its data needs: an entry's index, or a Map or Set with its content. */
  readonly order: (number | Filling)[];
  /** Objects without a prototype. */
  readonly bare: object[];
}

/** The key that tells an envelope from plain data. Data that has it travels inside an envelope. */
export const PACKED = "runlane:packed";

/** One object that structured clone would change. */
export type Entry = ClassEntry | ErrorEntry | ViewEntry;

interface Holes {
  /** The places that the object goes to: containers and keys by turns. */
  readonly at: unknown[];
}

/** An instance of a registered class. */
export interface ClassEntry extends Holes {
  readonly kind: "class";
  readonly name: string;
  /** Whether the platform has the class. */
  readonly platform: boolean;
  /** The result of `serialize`, or the fields if the class has none. */
  data?: unknown;
  /** Fields under symbols of the global registry: names and values by turns. */
  symbols?: unknown[];
  /** Whether the data leads back to the instance itself. */
  cyclic?: boolean;
}

/** An error. */
export interface ErrorEntry extends Holes {
  readonly kind: "error";
  /** The nearest class that every thread has. */
  readonly base: string;
  readonly className: string;
  /** The name of the error's class, if that is registered without a codec of its own. */
  readonly registered: string | undefined;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly fields: Record<string, unknown>;
  /** Own properties that do not show in a listing: `cause`, `errors`. */
  readonly hidden: Record<string, unknown>;
}

/** A view of a buffer that must not be sent whole, or a `Buffer`. */
export interface ViewEntry extends Holes {
  readonly kind: "view";
  readonly name: string;
  buffer?: ArrayBuffer | SharedArrayBuffer;
  offset: number;
  readonly length: number;
}

/** A Map or a Set that has to wait for its content. */
export interface Filling {
  readonly target: Map<unknown, unknown> | Set<unknown>;
  readonly content: readonly unknown[];
}

/**
 * The number of levels of nesting that travel. Structured clone writes more levels than the other side can read, and reading is recursive:
 * the main thread of Node 20 reads 1,860 to 3,400 of them, depending on what is nested.
 */
export const MAX_LEVELS = 1000;

/** The options for packing values. */
export interface PackOptions {
  /**
   * Whether sender and receiver share memory, as threads of one process do.
   *
   * @default true
   */
  readonly shared?: boolean;
  /** The name of the value in error messages. @default "input" */
  readonly root?: string;
  /**
   * Called for each instance of a class that nobody registered: it travels as structured clone would send it.
   *
   * @param isEmpty Whether it has no fields of its own, so that nothing of it arrives.
   */
  readonly onForeign?: (className: string, path: string, isEmpty: boolean) => void;
}

/** A value that all copies of the package in a process share. */
export function common<T>(name: string, make: () => T): T {
  const holder = globalThis as unknown as Record<symbol, T | undefined>;
  const key = Symbol.for(`runlane.${name}`);
  holder[key] ??= make();
  return holder[key];
}

/** Puts the content into a Map or a Set. */
export function fillCollection({ target, content }: Filling): void {
  if ("get" in target) for (let at = 0; at < content.length; at += 2) target.set(content[at], content[at + 1]);
  else for (const item of content) target.add(item);
}

/** How an encoder treats values that cannot travel. */
export interface Lenience {
  /** Whether such values are left out everywhere. Inside errors they always are. */
  readonly leavesOut?: boolean;
  /** Whether errors travel without any fields of their own. */
  readonly bareErrors?: boolean;
}

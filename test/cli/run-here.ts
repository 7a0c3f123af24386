import { Readable, Writable } from "node:stream";
import type { runCommandLine } from "../../src/cli/program.ts";
import type { CommandOptions, Finished } from "./command.ts";

const PROGRAM = new URL("../../dist/cli/program.js", import.meta.url).href;

/**
 * Runs `runlane` with arguments to its end, like `run`, but in this process: starting one takes ten times as long as most runs. For what
 * has nothing to do with its process: neither signals, nor descriptors, nor lanes, nor loaders, nor what a pipeline prints.
 */
export async function runHere(args: readonly string[], options: Omit<CommandOptions, "env">): Promise<Finished> {
  const { cwd, input = "" } = options;
  const program: { runCommandLine: typeof runCommandLine } = await import(PROGRAM);
  const [stdout, stderr] = [new Captured(), new Captured()];
  const stdin = Readable.from(input.length === 0 ? [] : [Buffer.from(input as string)]);
  const giveBack = [replace(process, { stdin, stdout, stderr }), changeFolder(cwd)];
  try {
    const code = await program.runCommandLine(args);
    return { code, signal: null, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    for (const undo of giveBack) undo();
  }
}

/** A stream that keeps what is written to it. */
class Captured extends Writable {
  private readonly chunks: Buffer[] = [];

  constructor() {
    super({
      write: (chunk, _encoding, done) => {
        this.chunks.push(chunk);
        done();
      },
    });
  }

  text(): string {
    return Buffer.concat(this.chunks).toString();
  }
}

function replace(target: object, values: Record<string, unknown>): () => void {
  const before = Object.keys(values).map((key) => [key, Object.getOwnPropertyDescriptor(target, key)!] as const);
  for (const [key, value] of Object.entries(values))
    Object.defineProperty(target, key, { value, configurable: true, writable: true });
  return () => {
    for (const [key, descriptor] of before) Object.defineProperty(target, key, descriptor);
  };
}

function changeFolder(folder: string): () => void {
  const before = process.cwd();
  process.chdir(folder);
  return () => process.chdir(before);
}

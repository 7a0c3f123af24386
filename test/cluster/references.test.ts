import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readReferences } from "../../src/cli/cluster/reference-reader.ts";
import { type Referrer, referrerOf } from "../../src/cli/cluster/referrer.ts";
import { openInput } from "../../src/cli/input/open-input.ts";
import type { Format } from "../../src/cli/options.ts";
import type { LineReference } from "../../src/cluster/wire/references.ts";
import { everything } from "../everything.ts";

interface Referred {
  readonly values: readonly unknown[];
  readonly inputs: readonly unknown[];
  readonly referrer: Referrer;
}

/** Reads a file as a batch does, and gives its inputs with the references to them. */
async function refer(options: { input?: string; files?: string[]; format?: Format }): Promise<Referred> {
  const opened = await openInput({ ...options, byReference: true });
  const referrer = referrerOf(opened);
  const values: unknown[] = [];
  const inputs: unknown[] = [];
  const blocks = opened.source.read(0);
  for (let next = await blocks.next(); next.done !== true; next = await blocks.next()) {
    for (let at = 0; at < next.value.size; at++) {
      if (next.value.problemOf(at) !== undefined) continue;
      values.push(next.value.values[at]);
      inputs.push(referrer.of(next.value, at));
    }
  }
  return { values, inputs, referrer };
}

async function read({ inputs, referrer }: Referred, roots: readonly string[], some = inputs): Promise<unknown[]> {
  const outcomes = await readReferences(referrer.references, some, roots);
  return outcomes.map((outcome) =>
    outcome.status === "fulfilled" ? outcome.value : (outcome.reason as Error).message,
  );
}

const line = fc.stringMatching(/^[a-zé,"[\] ]{0,8}$/);
const csvField = fc
  .string({ unit: fc.constantFrom("a", "é", '"', ",", "\n", " "), maxLength: 6 })
  .map((text) => `"${text.replaceAll('"', '""')}"`);

const formats: Record<string, fc.Arbitrary<string>> = {
  txt: fc.array(line, { maxLength: 12 }).map((lines) => lines.join("\r\n")),
  jsonl: fc
    .array(
      fc.oneof(
        fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
        fc.constantFrom("", "{", " "),
      ),
    )
    .map((lines) => `{}\n${lines.join("\n")}`),
  csv: fc
    .array(fc.tuple(csvField, csvField), { maxLength: 12 })
    .map((rows) => `\ufeff"a\nb",c\n\n${rows.map((row) => row.join(",")).join("\n")}\n`),
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "runlane-references-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("references to lines", () => {
  test.each(Object.keys(formats))(
    "stand for what the file has there, however it is cut into chunks: %s",
    async (format) => {
      await fc.assert(
        fc.asyncProperty(formats[format]!, fc.integer({ min: 1, max: 5 }), async (text, size) => {
          const input = join(folder, `in.${format}`);
          writeFileSync(input, text);
          const referred = await refer({ input });
          const found: unknown[] = [];
          for (let at = 0; at < referred.inputs.length; at += size)
            found.push(...(await read(referred, [folder], referred.inputs.slice(at, at + size))));
          expect(found).toEqual(referred.values);
        }),
        { numRuns: everything ? 200 : 20 },
      );
    },
  );

  test("fail alone when their line has changed, and all together when the header has", async () => {
    const input = join(folder, "changed.csv");
    writeFileSync(input, "a,b\n1,2\n3,4\n5,6\n");
    const referred = await refer({ input });
    writeFileSync(input, "a,b\n1,2\n3,9\n5,6\n7,8\n");
    const changed = expect.stringMatching(/changed\.csv, bytes 8 to 12: it has changed/);
    expect(await read(referred, [folder])).toEqual([{ a: "1", b: "2" }, changed, { a: "5", b: "6" }]);
    writeFileSync(input, "b,a\n1,2\n3,4\n5,6\n");
    expect(await read(referred, [folder])).toEqual(new Array(3).fill(expect.stringContaining("it has changed")));
    rmSync(input);
    expect(await read(referred, [folder])).toEqual(new Array(3).fill(expect.stringContaining("there is no such file")));
  });

  test("may not ask for more bytes than fit, nor for those before the file", async () => {
    const input = join(folder, "small.txt");
    writeFileSync(input, "a\n");
    const referred = await refer({ input });
    for (const forged of [
      [0, 2 ** 50, 0],
      [-5, 2, 0],
      [5, 2, 0],
    ] satisfies LineReference[])
      expect(await read(referred, [folder], [forged])).toEqual([expect.stringContaining("cannot read the input")]);
  });

  test.each([
    ["an array", "in.json", "[1,2]", /is an array/],
    ["an array over lines", "in.jsonl", "[\n1,\n2]", /is an array/],
    ["a compressed file", "in.jsonl", "\u001f\u008b", /is compressed/],
  ])("are refused for %s", async (_, name, text, words) => {
    const input = join(folder, name);
    writeFileSync(input, text, "latin1");
    await expect(refer({ input })).rejects.toThrow(words);
  });

  test("are refused for standard input", async () => {
    await expect(refer({ input: "-" })).rejects.toThrow(/not standard input/);
  });
});

describe("references to files", () => {
  let root: string;
  beforeAll(() => {
    root = join(folder, "root");
    mkdirSync(join(root, "inner"), { recursive: true });
    for (const name of ["root/a", "root/inner/b", "secret"]) writeFileSync(join(folder, name), name);
    symlinkSync(join(folder, "secret"), join(root, "leaving"));
    symlinkSync(join(root, "a"), join(root, "staying"));
  });

  const named = (...files: string[]) => refer({ files });
  const missing = expect.stringContaining("there is no such file in");

  test("lead to the file where it lies, or in a root as the batch sees it from its folder", async () => {
    const referred = await named(join(root, "a"), join(root, "staying"));
    expect(await read(referred, [root])).toEqual([join(root, "a"), join(root, "staying")]);
    const elsewhere = { ...referred, referrer: { ...referred.referrer, references: { kind: "files", folder: "/x" } } };
    const inputs = referred.inputs.map((input) => ({ ...(input as object), path: "a" })).slice(0, 1);
    expect(await read(elsewhere as Referred, [join(root, "inner"), root], inputs)).toEqual([join(root, "a")]);
  });

  test("lead nowhere out of the roots, by no path and by no link", async () => {
    const paths = ["secret", "root/leaving", "root/inner/../../secret", "root/inner"];
    const referred = await named(join(folder, "secret"));
    const inputs = paths.map((path) => ({ ...(referred.inputs[0] as object), path: join(folder, path) }));
    inputs.push({ ...(referred.inputs[0] as object), path: "../secret" });
    expect(await read(referred, [root], inputs)).toEqual(inputs.map(() => missing));
    expect(await read(referred, [])).toEqual([expect.stringContaining("give it a folder by --root")]);
  });

  test("fail when the file has changed", async () => {
    const referred = await named(join(root, "a"), join(root, "inner/b"));
    utimesSync(join(root, "a"), 1, 1);
    const [changed, same] = await read(referred, [root]);
    expect([changed, same]).toEqual([expect.stringContaining("it has changed"), join(root, "inner/b")]);
  });
});

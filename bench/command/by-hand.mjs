/** What somebody writes who has no `runlane batch`: by-hand.mjs <pipeline> <format> <input> <output> <errors>. */
import { createReadStream, openSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [pipeline, format, input, output, errors] = process.argv.slice(2);
const { default: func } = await import(pathToFileURL(pipeline).href);
const files = { output: { fd: openSync(output, "w"), text: "" }, errors: { fd: openSync(errors, "w"), text: "" } };

function write(file, record) {
  file.text += `${JSON.stringify(record)}\n`;
  if (file.text.length > 65_536) flush(file);
}

function flush(file) {
  writeSync(file.fd, file.text);
  file.text = "";
}

let columns;
const READERS = {
  txt: (line) => line,
  jsonl: (line) => JSON.parse(line),
  csv: (line) => {
    const fields = line.split(",");
    return Object.fromEntries(columns.map((column, at) => [column, fields[at]]));
  },
};
const read = READERS[format];
let index = 0;
let number = 0;
for await (const line of createInterface({ input: createReadStream(input), crlfDelay: Number.POSITIVE_INFINITY })) {
  number++;
  if (format === "csv" && columns === undefined) {
    columns = line.split(",");
    continue;
  }
  const value = read(line);
  try {
    write(files.output, { index, output: func(value) });
  } catch (error) {
    const { name, message, stack } = error;
    const source = `${input}:${number}`;
    write(files.errors, { index, step: "default", error: { name, message, stack }, source, input: value });
  }
  index++;
}
for (const file of Object.values(files)) flush(file);

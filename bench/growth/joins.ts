/** Joining the chunks of one input: a step that streams in front of one that needs the whole. */
import { RunnableGenerator, RunnableLambda } from "runlane";
import { type Row, row } from "../measure.ts";
import { grown, type Sized, TIMES } from "./cpu.ts";

const CHUNKS: Record<string, (index: number) => unknown> = {
  "arrays of one element": (index) => [index],
  "objects with a key each": (index) => ({ [`k${index}`]: index }),
  "objects in objects": (index) => ({ found: { text: "t", [`k${index}`]: index } }),
  texts: () => "text ",
};

const joining =
  (chunk: (index: number) => unknown) =>
  (count: number): Sized => {
    const source = RunnableGenerator.from(async function* () {
      for (let index = 0; index < count; index++) yield chunk(index);
    });
    const whole = source.pipe(RunnableLambda.from((joined: unknown) => typeof joined));
    return async () => {
      for await (const _ of await whole.stream(0));
    };
  };

export async function joins(quick: boolean): Promise<Row[]> {
  const count = quick ? 2_000 : 10_000;
  const rows: Row[] = [];
  for (const [name, chunk] of Object.entries(CHUNKS)) {
    const { small, large } = await grown(joining(chunk), count, 5);
    const us = (cpu: number): number => (cpu * 1000) / (count * TIMES);
    const title = `joining ${name}: CPU per chunk, ${(count * TIMES).toLocaleString("en-US")} chunks`;
    rows.push(row(title, [us(large), "us"], [`${count.toLocaleString("en-US")} chunks`, us(small)], { max: 1.3 }));
  }
  return rows;
}

import { add, boom, letters, upper } from "../functions.ts";
import { batch, invoke, type Lib, type Scenario, stream, transform } from "../harness.ts";

/** Subclasses in the ways that LangChain's own classes and its users write them. */
const doubler = (lib: Lib) =>
  new (class Doubler extends lib.Runnable {
    lc_namespace = ["test"];
    async invoke(input: number): Promise<number> {
      return input * 2;
    }
  })();

const traced = (lib: Lib, func: (input: any, config: any, manager: any) => Promise<unknown>) =>
  new (class Traced extends lib.Runnable {
    lc_namespace = ["test"];
    invoke(input: unknown, options?: object): Promise<unknown> {
      return (this as any)._callWithConfig(func, input, options);
    }
  })();

const speller = (lib: Lib) =>
  new (class Speller extends lib.Runnable {
    lc_namespace = ["test"];
    async invoke(text: string): Promise<string> {
      return [...text].join("-");
    }
    async *_streamIterator(text: string): AsyncGenerator<string> {
      yield* letters(text);
    }
  })();

const shouter = (lib: Lib) =>
  new (class Shouter extends lib.Runnable {
    lc_namespace = ["test"];
    async invoke(text: string): Promise<string> {
      return upper(text);
    }
    async *transform(chunks: AsyncGenerator<string>): AsyncGenerator<string> {
      for await (const chunk of chunks) yield upper(chunk);
    }
  })();

const tracedShouter = (lib: Lib) =>
  new (class TracedShouter extends lib.Runnable {
    lc_namespace = ["test"];
    async invoke(text: string): Promise<string> {
      return upper(text);
    }
    async *shout(chunks: AsyncGenerator<string>): AsyncGenerator<string> {
      for await (const chunk of chunks) yield upper(chunk);
    }
    transform(chunks: AsyncGenerator<string>, options?: object): AsyncGenerator<string> {
      return (this as any)._transformStreamWithConfig(chunks, (this as any).shout.bind(this), options);
    }
    async *_streamIterator(text: string, options?: object): AsyncGenerator<string> {
      yield* this.transform(spelled(text), options);
    }
  })();

/** The letters of a text, one by one. */
async function* spelled(text: string): AsyncGenerator<string> {
  yield* text;
}

/** Its methods call those of the base class. */
const deferring = (lib: Lib) =>
  new (class Deferring extends lib.Runnable {
    lc_namespace = ["test"];
    async invoke(text: string): Promise<string> {
      return upper(text);
    }
    async *transform(chunks: AsyncGenerator<string>, options: object): AsyncGenerator<string> {
      for await (const chunk of super.transform(chunks, options)) yield `${chunk}!`;
    }
    async *_streamIterator(text: string, options?: object): AsyncGenerator<string> {
      for await (const chunk of super._streamIterator(text, options)) yield `${chunk}?`;
    }
  })();

const whole = async (x: number): Promise<number> => x + 1;

export const subclass: Scenario[] = [
  { name: "invoke alone", build: doubler, drive: invoke(2) },
  { name: "invoke alone, batch", build: doubler, drive: batch([1, 2]) },
  { name: "invoke alone, stream", build: doubler, drive: stream(2) },
  { name: "invoke alone, transform", build: doubler, drive: transform([1, 2]) },
  {
    name: "invoke alone, in a chain",
    build: (lib) => lib.RunnableSequence.from([add, doubler(lib), add]),
    drive: invoke(1),
  },
  {
    name: "invoke alone, in a chain, streamed",
    build: (lib) => lib.RunnableSequence.from([add, doubler(lib)]),
    drive: stream(1),
  },
  { name: "invoke alone, bound", build: (lib) => doubler(lib).withConfig({ tags: ["t"] }), drive: invoke(2) },
  {
    name: "invoke alone, with fallbacks and retry",
    build: (lib) =>
      lib.RunnableLambda.from(boom)
        .withFallbacks([doubler(lib)])
        .withRetry(),
    drive: invoke(2),
  },
  {
    name: "invoke alone, as a value of a map",
    build: (lib) => lib.RunnableMap.from({ a: doubler(lib), b: add }),
    drive: invoke(2),
  },
  {
    name: "the order of calls without a run",
    build: (lib) => lib.RunnableSequence.from([add, doubler(lib)]),
    drive: invoke(1),
    observe: "calls",
  },
  {
    name: "names",
    build: doubler,
    drive: async (runnable) => [runnable.getName(), runnable.lc_id, runnable.lc_namespace],
  },
  { name: "_callWithConfig", build: (lib) => traced(lib, whole), drive: invoke(2), observe: "calls" },
  {
    name: "_callWithConfig, in a chain",
    build: (lib) => lib.RunnableSequence.from([add, traced(lib, whole)]),
    drive: invoke(2),
    observe: "calls",
  },
  {
    name: "_callWithConfig that fails",
    build: (lib) => traced(lib, async () => boom()),
    drive: invoke(2),
    fails: "own",
    observe: "calls",
  },
  {
    name: "_callWithConfig gives a manager for children",
    build: (lib) =>
      traced(lib, (x, config, manager) =>
        lib.RunnableLambda.from(add).invoke(x, lib.patchConfig(config, { callbacks: manager?.getChild("inner") })),
      ),
    drive: invoke(2),
    observe: "calls",
  },
  { name: "_callWithConfig, batch", build: (lib) => traced(lib, whole), drive: batch([1, 2]), observe: "tree" },
  { name: "_streamIterator, stream", build: speller, drive: stream("abc") },
  { name: "_streamIterator, invoke", build: speller, drive: invoke("abc") },
  {
    name: "_streamIterator, in a chain",
    build: (lib) => lib.RunnableLambda.from(upper).pipe(speller(lib)),
    drive: stream("abc"),
  },
  { name: "_streamIterator, transform", build: speller, drive: transform(["a", "bc"]) },
  {
    name: "transform, in a chain",
    build: (lib) => lib.RunnableLambda.from(letters).pipe(shouter(lib)),
    drive: stream("abc"),
  },
  { name: "transform, called", build: shouter, drive: transform(["a", "bc"]) },
  { name: "transform, stream is invoke", build: shouter, drive: stream("abc") },
  {
    name: "transform, as the first step",
    build: (lib) => lib.RunnableSequence.from([shouter(lib), shouter(lib)]),
    drive: transform(["a", "b"]),
    differs: { defect: "a sequence waits for its whole input", runlane: { chunks: ["A", "B"] } },
  },
  { name: "methods of the base class, stream", build: deferring, drive: stream("ab") },
  { name: "methods of the base class, transform", build: deferring, drive: transform(["a", "b"]) },
  {
    name: "methods of the base class, in a chain",
    build: (lib) => lib.RunnableLambda.from(letters).pipe(deferring(lib)),
    drive: stream("ab"),
  },
  { name: "_transformStreamWithConfig, stream", build: tracedShouter, drive: stream("ab"), observe: "calls" },
  {
    name: "_transformStreamWithConfig, in a chain",
    build: (lib) => lib.RunnableLambda.from(letters).pipe(tracedShouter(lib)),
    drive: stream("ab"),
    observe: "calls",
  },
];

/** Runnables written as classes: with the base class's helpers for runs, for streams and for many inputs. */
import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import { Runnable, type RunnableConfig, RunnableLambda, RunnableSequence } from "@langchain/core/runnables";

interface KnotOptions extends RunnableConfig {
  strands?: number;
}

/** Ties a rope: overrides `invoke` through `_callWithConfig`, so its runs are seen by callbacks. */
class Knot extends Runnable<string, string, KnotOptions> {
  override lc_namespace = ["rigging", "knots"];

  static override lc_name() {
    return "Knot";
  }

  override async invoke(rope: string, options?: Partial<KnotOptions>): Promise<string> {
    return this._callWithConfig(this.tie.bind(this), rope, options);
  }

  private async tie(rope: string, config?: Partial<KnotOptions>): Promise<string> {
    return `${rope}${"&".repeat(config?.strands ?? 1)}`;
  }
}

/** Splices rope piece by piece: overrides `_streamIterator`. */
class Splice extends Runnable<string, string> {
  override lc_namespace = ["rigging", "splices"];

  override async invoke(rope: string, options?: Partial<RunnableConfig>): Promise<string> {
    let spliced = "";
    for await (const piece of this._streamIterator(rope, options)) spliced += piece;
    return spliced;
  }

  override async *_streamIterator(rope: string, _options?: Partial<RunnableConfig>): AsyncGenerator<string> {
    for (const letter of rope) yield `${letter}-`;
  }
}

/** Works on chunks as they come: overrides `transform` through `_transformStreamWithConfig`. */
class Tar extends Runnable<string, string> {
  override lc_namespace = ["rigging", "finish"];

  override async invoke(rope: string, options?: Partial<RunnableConfig>): Promise<string> {
    return this._callWithConfig(async (input: string) => input.toUpperCase(), rope, options);
  }

  private async *brush(pieces: AsyncGenerator<string>): AsyncGenerator<string> {
    for await (const piece of pieces) yield piece.toUpperCase();
  }

  override async *transform(pieces: AsyncGenerator<string>, options?: Partial<RunnableConfig>): AsyncGenerator<string> {
    yield* this._transformStreamWithConfig(pieces, this.brush.bind(this), options);
  }
}

const names: string[] = [];
class Names extends BaseCallbackHandler {
  name = "names";
  override awaitHandlers = true;
  override handleChainStart(_chain: unknown, _inputs: unknown, ...rest: unknown[]): void {
    names.push(String(rest[5]));
  }
}

const knot = new Knot();
console.log(await knot.invoke("rope"), await knot.invoke("rope", { strands: 3 }), knot.getName(), knot.lc_id);
console.log(await knot.batch(["a", "b"], { strands: 2 }));
console.log(await knot.withConfig({ strands: 4 }).invoke("line"));

const chain = RunnableSequence.from([knot, new Splice(), new Tar()]);
console.log(await chain.invoke("abc"));
const pieces: string[] = [];
for await (const piece of await chain.stream("abc")) pieces.push(piece);
console.log(pieces);

await RunnableSequence.from([knot, new Tar()]).invoke("x", { callbacks: [new Names()], runName: "rig" });
console.log(names);
console.log(await knot.pipe((rope: string) => rope.length).invoke("four"));
console.log(
  await RunnableLambda.from((rope: string) => rope.trim())
    .pipe(knot)
    .invoke("  end "),
);
console.log(
  Runnable.isRunnable(knot),
  Boolean(Runnable.isRunnable({ invoke() {} })),
  knot.lc_serializable,
  knot.toJSON().type,
);

import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import type { Broker, RunRef } from "../../cluster/broker.ts";
import { rangeOf } from "../../cluster/producer/chunk-id.ts";
import type { Received } from "../../cluster/producer/outstanding.ts";
import { RunChannel } from "../../cluster/producer/run-channel.ts";
import { packInput } from "../../cluster/wire/chunk-body.ts";
import { RunlaneError } from "../../core/errors/errors.ts";
import { tracing, withCarrier } from "../../core/tracing.ts";
import { RunStatistics } from "../../observe/run-statistics.ts";
import type { Plan } from "../../plan/plan.ts";
import { Analysis } from "../../runnables/inspect/explain.ts";
import type { Runnable } from "../../runnables/runnable.ts";
import { CliError } from "../cli-error.ts";
import type { InputBlock, InputSource } from "../input/reading.ts";
import type { RecordWriter } from "../output/record-writer.ts";
import { ReaderLeft } from "../output/sink.ts";
import type { RunEnd } from "../run/batch-run.ts";
import { InputFeed } from "../run/input-feed.ts";
import type { RecordKeeper } from "../run/record-keeper.ts";
import { withoutStart } from "./attach.ts";
import type { ChunkLog } from "./chunk-log.ts";
import type { ClusterPlace } from "./cluster-place.ts";
import { OrderedOutcomes } from "./ordered-outcomes.ts";
import type { Referrer } from "./referrer.ts";
import { Serial } from "./serial.ts";
import { Settler } from "./settler.ts";

/** The number of inputs whose outcomes may wait for an earlier one. */
const MOST_WAITING = 1_000_000;
/** The time in milliseconds after which inputs are sent, although the source gives no more. */
const PATIENCE_MS = 20;
/**
 * Inputs wait here for longer than the engine thinks that young objects live: it would let their remains grow to five times what is
 * alive before it tidies up. With this it tidies up at twice that.
 */
const FRUGAL = "--heap-growing-percent=100";
/** The time between two counts of the workers, in milliseconds. */
const LOOK_MS = 2000;

export interface ClusterRunOptions {
  readonly place: ClusterPlace;
  /** The pipeline on the lane, for the plan. */
  readonly runnable: Runnable<unknown, unknown>;
  readonly source: InputSource;
  readonly firstIndex: number;
  readonly limit: number | undefined;
  /** The output file and its log; undefined where the records go to standard output. */
  readonly output: string | undefined;
  readonly log: ChunkLog | undefined;
  /** Whether the run is left to itself when the broker has all inputs. */
  readonly detach: boolean;
  /** Whether chunks that take long are run a second time when workers have nothing else to do. */
  readonly speculate: boolean;
  /** Makes the references that travel instead of inputs; undefined where the inputs travel. */
  readonly referrer: Referrer | undefined;
  /** The command that has started the run. */
  readonly argv: readonly string[];
}

/** A block of inputs of which some have no record. */
interface LiveBlock {
  readonly block: InputBlock;
  readonly first: number;
}

/** One pass of inputs through a pipeline whose workers are elsewhere, from the source to the records. */
export class ClusterRun {
  readonly statistics = new RunStatistics();
  private readonly options: ClusterRunOptions;
  private readonly analysis: Analysis;
  private readonly feed: InputFeed;
  private readonly outcomes: OrderedOutcomes;
  private readonly blocks: LiveBlock[] = [];
  private read: number;
  private channel: RunChannel | undefined;
  private slots = 0;
  private stopped = false;
  private onRoom: (() => void) | undefined;
  private loading: Promise<void> | undefined;

  constructor(options: ClusterRunOptions) {
    const { source, firstIndex, limit, runnable, log } = options;
    this.options = options;
    this.analysis = new Analysis(runnable, this.statistics);
    this.outcomes = new OrderedOutcomes(firstIndex);
    // A chunk that was cut off in the middle is read from its beginning, so that its outcome is known again.
    this.read = log?.startOf(firstIndex) ?? firstIndex;
    this.feed = new InputFeed(source, this.read, limit);
  }

  /** The number of inputs that are with the broker. */
  get running(): number {
    return this.read - this.outcomes.next - this.outcomes.waiting;
  }

  get oldest(): { readonly index: number; readonly place: string } | undefined {
    const index = this.outcomes.next;
    if (index >= this.read) return undefined;
    const { block, at } = this.locate(index);
    return { index, place: block.placeOf(at) };
  }

  plan(wallMs: number): Plan {
    return this.analysis.plan(wallMs);
  }

  get fraction(): number | undefined {
    return this.feed.fraction(this.running);
  }

  /** @throws CliError */
  async prime(): Promise<void> {
    if (!this.feed.ended) await this.feed.load();
    if (this.feed.failure !== undefined) throw this.feed.failure;
    await this.options.place.open();
  }

  stopWords(): string {
    const { running } = this;
    return `leaving the ${running} inputs that are with the broker to the workers; --resume collects them`;
  }

  /** Sends nothing more and waits for nothing more: what is with the broker goes on, and is collected by the run that resumes. */
  stop(): void {
    this.stopped = true;
    this.feed.stop();
    this.channel?.close();
    this.onRoom?.();
  }

  async run(keeper: RecordKeeper, writer: RecordWriter): Promise<RunEnd> {
    const { place, log } = this.options;
    const { broker } = place;
    setFlagsFromString(FRUGAL);
    const run = await this.begin(broker);
    const where = `the pipeline ${place.pipeline}`;
    const meter = place.lane.meterOf(place.stage);
    const { output, argv, detach } = this.options;
    const command = withoutStart(argv);
    const about = { pipeline: place.pipeline, host: hostname(), output, command, folder: process.cwd() };
    const channel = new RunChannel({ broker, run, about, where, meter, detached: detach });
    this.channel = channel;
    channel.onSubmitted = () => this.onRoom?.();
    place.onBack = () => channel.remindNow();
    const looking = this.look(broker, channel);
    const settler = new Settler(channel, writer);
    const records = new Serial(() => this.record(channel, keeper, settler));
    try {
      const sending = this.send(channel, records);
      if (detach) {
        await sending;
        await channel.flushed();
        if (!this.stopped) return await leave(run, writer);
      }
      // What it throws is thrown below, when it is waited for.
      sending.catch(() => this.stop());
      for await (const received of channel.receive()) {
        for (const one of received) this.add(one);
        await records.run();
      }
      await sending;
      await settler.settle();
      await writer.close();
      const { failure } = this.feed;
      if (failure !== undefined) return { kind: "source failed", error: failure };
      if (!this.stopped) {
        await channel.end();
        log?.remove();
      }
      return { kind: "finished" };
    } catch (error) {
      if (error instanceof ReaderLeft) return { kind: "reader left" };
      if (error instanceof CliError) return { kind: "write failed", error };
      await writer.close();
      if ((error as { code?: unknown }).code === "RUNLANE_RUN_CANCELLED") {
        // A run of this name can do nothing any more: the one that resumes has another.
        await channel.end();
        log?.remove();
      }
      if (error instanceof RunlaneError)
        return { kind: "broker failed", error: new CliError("RUNLANE_CLI_START", error.message) };
      throw error;
    } finally {
      clearInterval(looking);
      channel.close();
      this.feed.stop();
      await place.close();
    }
  }

  /** The run that is gone on with, or a new one in its place. */
  private async begin(broker: Broker): Promise<RunRef> {
    const { place, log } = this.options;
    const { queue, shownUrl } = place;
    const earlier = log?.logged;
    if (earlier !== undefined && earlier.broker === shownUrl) {
      const run = { id: earlier.run, queue: earlier.queue };
      if (place.isResumed && earlier.queue === queue) return run;
      // What is still there of it would be in vain.
      await broker.cancel(run);
      await broker.end(run);
    }
    const id = `${place.pipeline}-${randomBytes(4).toString("hex")}`;
    log?.begin({ run: id, queue, broker: shownUrl });
    return { id, queue };
  }

  /** Reads inputs and sends them, as long as there is room. */
  private async send(channel: RunChannel, records: Serial): Promise<void> {
    const { place, log, referrer } = this.options;
    const carrier = tracing.current?.inject();
    const config = carrier === undefined ? undefined : withCarrier(undefined, carrier);
    const where = `the pipeline ${place.pipeline}`;
    const travelling = (block: InputBlock, at: number): unknown =>
      packInput(referrer === undefined ? block.values[at] : referrer.of(block, at), where);
    for (;;) {
      await this.room(channel, records);
      if (this.stopped) return;
      const from = this.read;
      const count = log?.chunks.get(from) ?? channel.sizer.count;
      const inputs = await this.take(count, travelling);
      if (inputs.length > 0) {
        const range = { from, count: inputs.length };
        log?.add(range);
        // What was done while nobody was here need not be sent.
        const isThere = this.outcomes.holds(range);
        const head = { exportName: place.exportName, config, references: referrer?.references };
        const refused = isThere ? [] : channel.send(from, head, inputs);
        for (const one of refused) this.add(one);
        if (isThere || refused.length > 0) await records.run();
      } else {
        // What could not be read has its record at once, and perhaps there is nothing else.
        await records.run();
        if (this.isRead) return;
      }
      // Whoever reads outcomes has a turn.
      await setImmediate();
    }
  }

  private async room(channel: RunChannel, records: Serial): Promise<void> {
    const { outcomes } = this;
    const isFull = (): boolean =>
      !channel.hasRoom(this.slots) || (outcomes.waiting > MOST_WAITING && outcomes.next < this.read);
    while (!this.stopped && isFull()) {
      // Outcomes of an earlier producer's time may have come before their inputs were read here, and are not told again.
      if (outcomes.peek() !== undefined) await records.run();
      if (isFull()) await new Promise<void>((resolve) => (this.onRoom = resolve));
    }
  }

  /** Takes so many inputs that follow each other, fewer where one in between could not be read or the source is slow. */
  private async take(count: number, pack: (block: InputBlock, at: number) => unknown): Promise<unknown[]> {
    const feed = this.feed;
    const inputs: unknown[] = [];
    while (inputs.length < count && this.options.referrer?.isFull() !== true) {
      if (!feed.hasNext) {
        if (feed.ended || !(await this.load(inputs.length > 0))) break;
        continue;
      }
      const { block, cursor } = feed;
      if (this.blocks.at(-1)?.block !== block) this.blocks.push({ block: block!, first: this.read - cursor });
      const isProblem = block!.hasProblems && block!.problemOf(cursor) !== undefined;
      if (isProblem && inputs.length > 0) break;
      feed.cursor++;
      this.read++;
      if (isProblem) break;
      inputs.push(pack(block!, cursor));
    }
    return inputs;
  }

  /** Reads on. @returns Whether there is more, as far as anybody can tell within a moment when others wait. */
  private async load(othersWait: boolean): Promise<boolean> {
    this.loading ??= this.feed.load().finally(() => {
      this.loading = undefined;
    });
    if (!othersWait) await this.loading;
    else await Promise.race([this.loading, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
    return this.feed.hasNext;
  }

  /** Writes the records whose turn it is. */
  private async record(channel: RunChannel, keeper: RecordKeeper, settler: Settler): Promise<void> {
    await this.recordAll(keeper);
    const { next } = this.outcomes;
    channel.passed(next);
    settler.add(this.outcomes.done());
    await settler.settleSometimes();
    this.onRoom?.();
    if (this.isRead && next === this.read && !this.options.detach) channel.close();
  }

  /** Whether the source has given all that it has. */
  private get isRead(): boolean {
    return this.feed.ended && !this.feed.hasNext && this.loading === undefined;
  }

  private add(received: Received): void {
    const range = rangeOf(received.id)!;
    this.outcomes.add(received, range.from + range.count);
  }

  private async recordAll(keeper: RecordKeeper): Promise<void> {
    const outcomes = this.outcomes;
    while (outcomes.next < this.read) {
      const { next } = outcomes;
      const { block, at } = this.locate(next);
      const problem = block.hasProblems ? block.problemOf(at) : undefined;
      const outcome = problem === undefined ? outcomes.peek() : undefined;
      if (problem !== undefined) await keeper.problem(next, problem, block, at);
      else if (outcome === undefined) return;
      else if (outcome.status === "fulfilled") await keeper.output(next, outcome.value, block, at);
      else await keeper.failed(next, outcome.step ?? this.options.place.pipeline, outcome.reason, block, at);
      outcomes.advance();
    }
  }

  private locate(index: number): { readonly block: InputBlock; readonly at: number } {
    const blocks = this.blocks;
    while (blocks.length > 1 && index >= blocks[1]!.first) blocks.shift();
    const { block, first } = blocks[0]!;
    return { block, at: index - first };
  }

  /** Counts the workers now and then: more of them want more chunks. */
  private look(broker: Broker, channel: RunChannel): NodeJS.Timeout {
    const { place } = this.options;
    const look = async (): Promise<void> => {
      const workers = (await broker.state()).workers.filter(({ queue }) => queue === place.queue);
      place.lane.sees(workers, place.stage, channel.tally);
      this.slots = workers.reduce((sum, { concurrency }) => sum + concurrency, 0);
      if (this.options.speculate && this.isRead) channel.speculate(this.slots);
      this.onRoom?.();
    };
    void look().catch(() => {});
    return setInterval(() => void look().catch(() => {}), LOOK_MS);
  }
}

/** Goes away. Whoever resumes the run begins with the records that there are. */
async function leave({ id }: RunRef, writer: RecordWriter): Promise<RunEnd> {
  await writer.close();
  return { kind: "detached", run: id };
}

/**
 * A model of a run on a cluster lane: one producer, one broker, any number of workers. It says how many inputs a second get through, and what
 * keeps it from being more. Chunks are sized by the ChunkSizer of the lane itself.
 */
import { type Costs, IN_FLIGHT, type Prediction, type Scenario } from "./scenario.ts";
import { ChunkSizer } from "./sources.ts";
import { Clock, random, Station } from "./stations.ts";

/** The window of RunChannel (src/cluster/producer/run-channel.ts) and of ClusterRun (src/cli/cluster/cluster-run.ts). */
const WINDOW = { perSlot: 4, least: 32, first: 4, bytes: 64 * 1024 * 1024, heldInputs: 1_000_000 };

/** A chunk under way. */
interface Chunk {
  readonly from: number;
  readonly count: number;
}

interface Worker {
  /** Its event loop, and its threads. */
  readonly loop: Station;
  readonly cores: Station;
  readonly inHand: Set<Chunk>;
  /** How often it has died. */
  deaths: number;
}

export function simulate(costs: Costs, scenario: Scenario): Prediction {
  return new Simulation(costs, scenario).run();
}

class Simulation {
  private readonly clock = new Clock();
  private readonly sizer = new ChunkSizer();
  private readonly producer = new Station(this.clock, 1);
  private readonly broker: Station;
  private readonly workers: readonly Worker[];
  private readonly scenario: Required<Scenario>;
  private readonly slots: number;
  private readonly random: () => number;
  /** Chunks at the broker that nobody has, and workers that have room, once for each chunk. */
  private queue: Chunk[] = [];
  private queueStart = 0;
  private idle: Worker[] = [];
  private read = 0;
  private outstanding = 0;
  private isSending = false;
  private isWaiting = false;
  private readonly held = new Map<number, number>();
  private heldInputs = 0;
  private next = 0;
  private chunks = 0;
  private runs = 0;
  private workMs = 0;
  private mark = { at: 0, done: 0, producer: 0, broker: 0, workers: 0 };

  constructor(
    private readonly costs: Costs,
    given: Scenario,
  ) {
    const scenario = {
      cores: 2,
      inputs: Number.POSITIVE_INFINITY,
      waits: false,
      bytes: 100,
      arrivalsPerS: Number.POSITIVE_INFINITY,
      deathsPerHour: 0,
      leaseMs: 10_000,
      restartMs: 5000,
      seed: 1,
      ...given,
    };
    this.scenario = scenario;
    this.random = random(scenario.seed);
    this.broker = new Station(this.clock, costs.broker.servers);
    this.slots = scenario.cores + 1;
    this.workers = Array.from({ length: scenario.workers }, () => ({
      loop: new Station(this.clock, 1),
      cores: new Station(this.clock, scenario.cores),
      inHand: new Set<Chunk>(),
      deaths: 0,
    }));
  }

  run(): Prediction {
    const { clock, scenario } = this;
    const { inputs, untilMs } = scenario;
    for (let slot = 0; slot < this.slots; slot++) this.idle.push(...this.workers);
    for (const worker of this.workers) this.planDeath(worker);
    if (inputs === Number.POSITIVE_INFINITY) clock.at(untilMs / 3, () => this.begin());
    this.send();
    clock.run(untilMs, () => this.next >= inputs);
    return this.prediction();
  }

  /** What was before does not count: chunks had to find their size. */
  private begin(): void {
    const { clock, producer, broker, next } = this;
    this.mark = { at: clock.now, done: next, producer: producer.busyMs, broker: broker.busyMs, workers: this.workerMs };
  }

  private prediction(): Prediction {
    const { clock, mark, scenario } = this;
    const ms = clock.now - mark.at;
    const use = (busyMs: number, servers: number): number => Math.min(1, busyMs / (ms * servers));
    const done = this.next;
    const places = scenario.workers * (scenario.waits ? this.slots : scenario.cores);
    return {
      throughput: ((done - mark.done) * 1000) / ms,
      ms: clock.now,
      done,
      runsPerChunk: this.runs / Math.max(1, this.chunks),
      meanChunk: this.read / Math.max(1, this.chunks),
      use: {
        producer: use(this.producer.busyMs - mark.producer, 1),
        broker: use(this.broker.busyMs - mark.broker, this.broker.servers),
        workers: use(this.workerMs - mark.workers, places),
      },
    };
  }

  /** For how long workers have been at it: their threads, or the chunks that wait. */
  private get workerMs(): number {
    return this.scenario.waits ? this.workMs : this.workers.reduce((sum, { cores }) => sum + cores.busyMs, 0);
  }

  private get hasRoom(): boolean {
    const { outstanding, sizer, scenario } = this;
    const slots = scenario.workers * this.slots;
    const most = sizer.isFound ? Math.max(WINDOW.least, WINDOW.perSlot * slots) : Math.max(WINDOW.first, slots);
    const bytes = outstanding * sizer.count * scenario.bytes;
    return outstanding < most && bytes < WINDOW.bytes && this.heldInputs <= WINDOW.heldInputs;
  }

  /** The producer reads inputs and sends them, as long as there is room. */
  private send(): void {
    const { clock, costs, scenario, sizer } = this;
    if (this.isSending || this.isWaiting || this.read >= scenario.inputs || !this.hasRoom) return;
    const arrived = Math.floor(Math.min(scenario.inputs, (clock.now / 1000) * scenario.arrivalsPerS || Infinity));
    const count = Math.min(sizer.count, arrived - this.read);
    if (count <= 0) {
      this.isWaiting = true;
      clock.after(Math.max(1, 1000 / scenario.arrivalsPerS), () => {
        this.isWaiting = false;
        this.send();
      });
      return;
    }
    const chunk: Chunk = { from: this.read, count };
    this.read += count;
    this.outstanding++;
    this.chunks++;
    sizer.sent(count, count * scenario.bytes);
    this.isSending = true;
    this.producer.serve(costs.producer.sendMs + (count * costs.producer.inputMs) / 2, () => {
      this.isSending = false;
      clock.after(costs.latencyMs, () =>
        this.broker.serve(costs.broker.submitMs + this.bytesMs(count), () => this.put(chunk)),
      );
      this.send();
    });
  }

  private put(chunk: Chunk): void {
    this.queue.push(chunk);
    this.give();
  }

  private give(): void {
    while (this.idle.length > 0 && this.queueStart < this.queue.length) {
      const worker = this.idle.pop()!;
      const chunk = this.queue[this.queueStart++]!;
      if (this.queueStart > 10_000) {
        this.queue = this.queue.slice(this.queueStart);
        this.queueStart = 0;
      }
      this.work(worker, chunk);
    }
  }

  private work(worker: Worker, chunk: Chunk): void {
    const { clock, costs } = this;
    const { deaths } = worker;
    const isAlive = (): boolean => worker.deaths === deaths;
    const ifAlive = (then: () => void) => (): void => {
      if (isAlive()) then();
    };
    worker.inHand.add(chunk);
    this.runs++;
    const given = this.broker.take(costs.broker.workMs / 2 + this.bytesMs(chunk.count));
    const start = ifAlive(() => {
      const startedAt = clock.now;
      const unpacked = worker.loop.take(costs.worker.chunkMs + chunk.count * costs.worker.inputMs);
      clock.at(
        this.ranAt(worker, unpacked, chunk.count),
        ifAlive(() => {
          this.workMs += clock.now - startedAt;
          // A thread that others have first is no part of what it takes.
          const { inputMs, waits } = this.scenario;
          const ranMs = waits ? clock.now - startedAt : chunk.count * (inputMs + costs.worker.inputMs);
          clock.after(
            costs.latencyMs,
            ifAlive(() => this.complete(worker, chunk, ranMs)),
          );
        }),
      );
    });
    // The worker asks, and the broker answers.
    clock.at(given + 2 * costs.latencyMs, start);
  }

  /** When the inputs of a chunk are done that begin at a time. */
  private ranAt(worker: Worker, at: number, count: number): number {
    const { inputMs, waits } = this.scenario;
    if (waits) return at + Math.ceil(count / IN_FLIGHT) * inputMs;
    // One thread runs all of it.
    return worker.cores.take(Math.max(0, at - this.clock.now) + count * inputMs);
  }

  private complete(worker: Worker, chunk: Chunk, ranMs: number): void {
    const { clock, costs } = this;
    const { deaths } = worker;
    this.broker.serve(costs.broker.workMs / 2 + this.bytesMs(chunk.count), () => {
      if (worker.deaths !== deaths) return;
      worker.inHand.delete(chunk);
      this.idle.push(worker);
      this.give();
      this.broker.serve(costs.broker.settleMs + this.bytesMs(chunk.count), () =>
        clock.after(costs.latencyMs, () => this.receive(chunk, ranMs)),
      );
    });
  }

  private receive(chunk: Chunk, ranMs: number): void {
    const { costs, scenario, sizer } = this;
    const { count } = chunk;
    this.producer.serve(costs.producer.receiveMs + (count * costs.producer.inputMs) / 2, () => {
      sizer.received(count, count * scenario.bytes);
      sizer.ran(count, { host: "", pid: 0, earlierAttempts: 0, ranMs, waits: scenario.waits });
      this.outstanding--;
      this.record(chunk);
      this.send();
    });
  }

  /** Records are written in the order of the inputs. */
  private record({ from, count }: Chunk): void {
    const { held } = this;
    held.set(from, count);
    this.heldInputs += count;
    for (let ready = held.get(this.next); ready !== undefined; ready = held.get(this.next)) {
      held.delete(this.next);
      this.heldInputs -= ready;
      this.next += ready;
    }
  }

  private planDeath(worker: Worker): void {
    const { deathsPerHour } = this.scenario;
    if (deathsPerHour === 0) return;
    const afterMs = (-Math.log(1 - this.random()) * 3_600_000) / deathsPerHour;
    this.clock.after(afterMs, () => this.die(worker));
  }

  /** What it had in hand is given to others after the lease; it is back a little later itself. */
  private die(worker: Worker): void {
    const { clock, scenario } = this;
    worker.deaths++;
    const lost = [...worker.inHand];
    worker.inHand.clear();
    this.idle = this.idle.filter((one) => one !== worker);
    const back = clock.now + scenario.restartMs;
    worker.loop.reset(back);
    worker.cores.reset(back);
    clock.after(scenario.leaseMs, () => {
      for (const chunk of lost) this.put(chunk);
    });
    clock.at(back, () => {
      for (let slot = 0; slot < this.slots; slot++) this.idle.push(worker);
      this.give();
      this.planDeath(worker);
    });
  }

  private bytesMs(count: number): number {
    return (count * this.scenario.bytes * this.costs.broker.kilobyteMs) / 1024;
  }
}

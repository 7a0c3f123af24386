import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Running, start } from "../../cli/command.ts";
import type { Target } from "./target.ts";
import type { TcpProxy } from "./tcp-proxy.ts";

/** What is done to a run. */
export interface ChaosPlan {
  readonly target: Target;
  /** The module that workers run. */
  readonly file: string;
  readonly folder: string;
  readonly inputs: number;
  /** How long an input waits. */
  readonly inputMs: number;
  /** What happens, one after the other, spread over the run. */
  readonly blows: readonly Blow[];
  /** Gives numbers from 0 to 1. */
  readonly random: () => number;
  /** How long something is stopped or cut off. */
  readonly holdMs: number;
}

/** What can happen to whom. Networks are cut, let nothing through, or become slow. */
export type Blow =
  | `kill ${"worker" | "producer" | "broker"}`
  | `stop ${"worker" | "producer" | "broker"}`
  | `${"cut" | "freeze" | "delay"} ${"worker" | "producer" | "broker"}`
  | "end worker";

/** How late everything arrives over a slow network, in milliseconds. */
const DELAY_MS = 400;

/** What a run left behind. */
export interface Aftermath {
  /** The indices of the records, in their order. */
  readonly indices: readonly number[];
  /** Records that say something else than what they should. */
  readonly wrong: number;
  /** How often inputs were started. */
  readonly starts: number;
  readonly stderr: string;
  /** How many blows it took before it was done. */
  readonly blows: number;
}

/** Runs a batch with two workers, and lets nobody work in peace. */
export async function chaos(plan: ChaosPlan): Promise<Aftermath> {
  const { folder, inputs, inputMs, blows } = plan;
  const trace = join(folder, "trace");
  writeFileSync(trace, "");
  writeFileSync(
    join(folder, "in.txt"),
    Array.from({ length: inputs }, (_, at) => `${trace} ${inputMs} ${at}\n`).join(""),
  );
  const scene = new Scene(plan);
  let count = 0;
  try {
    await scene.begin();
    for (const [at, blow] of blows.entries()) {
      const share = (at + plan.random()) / (blows.length + 1);
      while (!scene.isOver && startsIn(trace) < share * inputs) await sleep(20);
      if (scene.isOver) break;
      await scene.suffer(blow);
      count++;
    }
    await scene.done;
  } finally {
    scene.end();
  }
  const lines = readFileSync(join(folder, "out.jsonl"), "utf8").trimEnd().split("\n");
  const records = lines.map((line) => JSON.parse(line) as { index: number; output: number });
  return {
    indices: records.map(({ index }) => index),
    wrong: records.filter(({ index, output }) => output !== index ** 2).length,
    starts: startsIn(trace),
    stderr: scene.stderr,
    blows: count,
  };
}

function startsIn(trace: string): number {
  return readFileSync(trace, "utf8").split("\n").length - 1;
}

/** Who takes part. */
class Scene {
  readonly done: Promise<void>;
  /** Whether the run is done, or has failed. */
  isOver = false;
  stderr = "";
  /** The ways to the broker: of the producer, and of each worker. */
  private ways: readonly Awaited<ReturnType<Target["connect"]>>[] = [];
  private readonly workers: Running[] = [];
  private producer: Running | undefined;
  private finish: () => void = () => {};
  private fail: (error: Error) => void = () => {};

  constructor(private readonly plan: ChaosPlan) {
    this.done = new Promise((resolve, reject) => {
      this.finish = resolve;
      this.fail = reject;
    });
    // It is looked at in the end.
    this.done.catch(() => {});
  }

  async begin(): Promise<void> {
    const { target } = this.plan;
    this.ways = await Promise.all([target.connect(), target.connect(), target.connect()]);
    this.workers.push(this.startWorker(0), this.startWorker(1));
    this.startProducer(false);
  }

  async suffer(blow: Blow): Promise<void> {
    const { target, holdMs, random } = this.plan;
    const at = Math.floor(random() * this.workers.length);
    const worker = this.workers[at]!.process;
    const [what, whom] = blow.split(" ") as [string, "worker" | "producer" | "broker"];
    switch (blow) {
      case "kill worker":
      case "end worker":
        worker.kill(what === "kill" ? "SIGKILL" : "SIGTERM");
        this.workers[at] = this.startWorker(at);
        return;
      case "kill producer": {
        const { producer } = this;
        this.producer = undefined;
        producer?.process.kill("SIGKILL");
        await producer?.finished;
        if (!this.isOver) this.startProducer(true);
        return;
      }
      case "kill broker":
        return await target.kill();
      case "stop worker":
      case "stop producer":
      case "stop broker": {
        const signal = (name: "SIGSTOP" | "SIGCONT"): void => {
          if (whom === "broker") target.signal(name);
          else (whom === "worker" ? worker : this.producer?.process)?.kill(name);
        };
        signal("SIGSTOP");
        await sleep(holdMs);
        signal("SIGCONT");
        return;
      }
    }
    const proxies = this.ways.map(({ proxy }) => proxy);
    const [producer, ...workers] = proxies as [TcpProxy, TcpProxy, TcpProxy];
    const hit = whom === "broker" ? proxies : [whom === "worker" ? workers[at]! : producer];
    for (const proxy of hit) begin(what, proxy);
    await sleep(holdMs);
    for (const proxy of hit) finish(proxy);
  }

  end(): void {
    for (const { process } of this.workers) process.kill("SIGTERM");
    this.producer?.process.kill("SIGKILL");
  }

  private startWorker(at: number): Running {
    const { file, folder } = this.plan;
    return start(["worker", file, "--lane", "loop", "--broker", this.ways[at + 1]!.url, "-c", "3"], { cwd: folder });
  }

  private startProducer(isResumed: boolean): void {
    const { file, folder } = this.plan;
    const args = [
      "batch",
      file,
      "-i",
      "in.txt",
      "-o",
      "out.jsonl",
      "--quiet",
      "--lane",
      "cluster",
      "--broker",
      this.ways[0]!.url,
    ];
    const producer = start(isResumed ? [...args, "--resume"] : args, { cwd: folder });
    this.producer = producer;
    void producer.finished.then(({ code, signal, stderr }) => {
      this.stderr += stderr;
      if (code === 0) {
        this.isOver = true;
        this.finish();
      } else if (signal === "SIGKILL") {
        return;
      } else if (/cannot be used|cannot be reached|is being written/.test(stderr)) {
        // It began while the broker was down, or its forerunner was still there.
        setTimeout(() => this.startProducer(true), 500);
      } else {
        this.isOver = true;
        this.fail(new Error(`The producer ended with ${code ?? signal}: ${stderr}`));
      }
    });
  }
}

function begin(what: string, proxy: TcpProxy): void {
  if (what === "delay") proxy.delayMs = DELAY_MS;
  else if (what === "freeze") proxy.freeze();
  else {
    proxy.isClosed = true;
    proxy.cut();
  }
}

function finish(proxy: TcpProxy): void {
  proxy.delayMs = 0;
  proxy.isClosed = false;
  proxy.thaw();
}

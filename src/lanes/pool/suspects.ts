import type { WorkerHandle } from "../worker-handle/worker-handle.ts";
import type { Call } from "./call.ts";
import { halves } from "./faults.ts";
import type { Workers } from "./workers.ts";

/** Groups of calls of which one may have ended a worker. Each group gets a worker to itself. */
export class Suspects {
  private groups: Call[][] = [];

  get size(): number {
    let size = 0;
    for (const group of this.groups) size += group.length;
    return size;
  }

  /** What is left of a group whose worker has died is divided further. */
  add(calls: Call[]): void {
    this.groups.push(...halves(calls));
  }

  /** Gives groups to idle workers. Without one, `makeRoom` sees to it that there will be. */
  assign(
    workers: Workers,
    send: (worker: WorkerHandle, calls: Call[]) => void,
    makeRoom: (waiting: number) => void,
  ): void {
    while (this.groups.length > 0) {
      const group = this.groups[0]!.filter((call) => !call.settled);
      if (group.length > 0) {
        const worker = workers.forSuspects(group.length === 1);
        if (worker === null) {
          makeRoom(this.groups.length);
          return;
        }
        worker.reserved = null;
        this.groups.shift();
        send(worker, group);
      } else {
        this.groups.shift();
      }
    }
    workers.releaseReserved();
  }

  drain(): Call[] {
    const calls = this.groups.flat();
    this.groups = [];
    return calls;
  }
}

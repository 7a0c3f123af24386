import type { ResourceStatus } from "../../resources/status.ts";
import { unpackError } from "../protocol/codec.ts";
import type { ResourceMessage } from "../protocol/messages.ts";
import type { StageRecord } from "../stage/stage-record.ts";

/** The states of the resources of one worker, as far as the parent knows them. */
export class WorkerResources {
  private readonly messages = new Map<string, ResourceMessage>();

  receive(message: ResourceMessage): void {
    const { status } = message;
    const error = status.error === undefined ? undefined : unpackError(status.error);
    this.messages.set(status.name, { ...message, status: { ...status, error } });
  }

  get statuses(): ResourceStatus[] {
    return Array.from(this.messages.values(), ({ status }) => status);
  }

  /** Whether something has to be disposed of before the worker ends. */
  get isDisposable(): boolean {
    for (const { isDisposable } of this.messages.values()) if (isDisposable) return true;
    return false;
  }

  /** The load time of the resources that modules of a stage declare, in milliseconds: they are loaded with its first input. */
  loadMsOf({ resources, used }: StageRecord): number {
    const found = used.filter((used) => !resources.some(({ name }) => name === used));
    return found.reduce((sum, name) => sum + (this.messages.get(name)?.status.loadMs ?? 0), 0);
  }

  /** The name of a resource of a stage that is being loaded now, if there is one. */
  loadingOf({ resources, used }: StageRecord): string | undefined {
    const names = [...resources.map(({ name }) => name), ...used];
    return names.find((name) => this.messages.get(name)?.status.state === "loading");
  }
}

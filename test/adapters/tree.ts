/** A handler that draws each run as `name<name of the run around it`, and custom events with the name of their run. */
export class Tree {
  readonly awaitHandlers = true;
  readonly runs: string[] = [];
  readonly events: unknown[] = [];
  /** How runs ended. */
  readonly ends: string[] = [];
  private readonly names = new Map<string | undefined, string>([[undefined, ""]]);

  handleChainStart(...args: any[]): void {
    const [serialized, , runId, parentRunId, , , , name] = args;
    this.names.set(runId, name ?? serialized.id.at(-1));
    this.runs.push(`${this.names.get(runId)}<${this.names.get(parentRunId) ?? "?"}`);
  }

  handleChainEnd(_outputs: unknown, runId: string): void {
    this.ends.push(`${this.names.get(runId)}`);
  }

  handleChainError(error: { name: string }, runId: string): void {
    this.ends.push(`${this.names.get(runId)}: ${error.name}`);
  }

  handleCustomEvent(name: string, payload: unknown, runId: string): void {
    this.events.push([name, payload, this.names.get(runId)]);
  }
}

/** Does something again and again, never twice at a time. */
export class Serial {
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly once: () => Promise<void>) {}

  run(): Promise<void> {
    const next = this.last.then(this.once);
    this.last = next.catch(() => {});
    return next;
  }
}

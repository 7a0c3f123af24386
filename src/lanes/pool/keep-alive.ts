import { ref, unref } from "../../core/platform.ts";

/** Workers never keep the process alive. This does, while there is something to wait for. */
export class KeepAlive {
  private pending = 0;
  private holds = 0;
  private timer: ReturnType<typeof setInterval> | undefined;

  get isDrained(): boolean {
    return this.pending === 0;
  }

  add(): void {
    if (this.pending++ === 0) this.update();
  }

  /** Returns whether nothing is pending any more. */
  remove(): boolean {
    if (--this.pending > 0) return false;
    this.update();
    return true;
  }

  hold(): void {
    this.holds++;
    this.update();
  }

  letGo(): void {
    this.holds--;
    this.update();
  }

  private update(): void {
    if (this.pending + this.holds > 0) {
      if (this.timer === undefined) this.timer = setInterval(() => {}, 2 ** 31 - 1);
      else ref(this.timer);
    } else {
      unref(this.timer);
    }
  }
}

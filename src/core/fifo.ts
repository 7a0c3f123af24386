/** The number of taken elements that are kept at most before they are cut off. */
const MIN_CUT = 64;

/**
 * First in, first out, at the same cost in all lengths: `Array#shift` moves every element that is left, which makes taking 100,000
 * out of an array quadratic.
 */
export class Fifo<T> {
  private items: (T | undefined)[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  push(item: T): void {
    this.items.push(item);
  }

  /** Takes out the first element; undefined when there is none. */
  shift(): T | undefined {
    const { items, head } = this;
    if (head === items.length) return undefined;
    const item = items[head];
    items[head] = undefined;
    this.head = head + 1;
    if (this.head === items.length) {
      this.clear();
    } else if (this.head >= MIN_CUT && this.head * 2 >= items.length) {
      this.items = items.slice(this.head);
      this.head = 0;
    }
    return item;
  }

  clear(): void {
    this.items.length = 0;
    this.head = 0;
  }
}

/** An element of a {@link LinkedList}. It knows its neighbours, so that it can leave from anywhere at no cost. */
export class Linked {
  /** @internal */
  before: Linked | null = null;
  /** @internal */
  after: Linked | null = null;
}

/** A queue whose elements may leave before their turn. Adding, taking the first and taking any one out cost the same in all lengths. */
export class LinkedList<Element extends Linked> {
  first: Element | null = null;
  private last: Element | null = null;
  length = 0;

  push(element: Element): void {
    element.before = this.last;
    if (this.last === null) this.first = element;
    else this.last.after = element;
    this.last = element;
    this.length++;
  }

  shift(): Element | null {
    const { first } = this;
    if (first !== null) this.remove(first);
    return first;
  }

  /** @param element An element of this list. */
  remove(element: Element): void {
    const { before, after } = element;
    if (before === null) this.first = after as Element | null;
    else before.after = after;
    if (after === null) this.last = before as Element | null;
    else after.before = before;
    element.before = null;
    element.after = null;
    this.length--;
  }
}

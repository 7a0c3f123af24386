import type { ComponentChildren } from "preact";

interface Props {
  /** What a reader of the screen is told that it is. */
  readonly name: string;
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** Something that may be wider than the page: it scrolls in itself, by keys too. */
export function Scrolled({ name, class: more = "", children }: Props) {
  return (
    <section class={`scroll ${more}`} tabIndex={0} aria-label={name}>
      {children}
    </section>
  );
}

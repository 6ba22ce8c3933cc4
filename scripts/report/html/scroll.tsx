/** @jsxRuntime automatic @jsxImportSource preact */
import type { ComponentChildren } from 'preact';

export interface ScrollProps {
  /** What scrolls, for screen readers. */
  readonly label: string;
  readonly class: string;
  readonly children: ComponentChildren;
}

/** A box that scrolls when it is high. It takes the focus, because without a mouse that is how it is scrolled (WCAG 2.1.1). */
export function Scroll({ label, class: className, children }: ScrollProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling box must be reachable by keyboard
    // biome-ignore lint/a11y/useSemanticElements: a fieldset groups controls, and this holds text
    <div class={`scroll ${className}`} tabIndex={0} role="group" aria-label={label}>
      {children}
    </div>
  );
}

/** @jsxRuntime automatic @jsxImportSource preact */
export type Status = 'passed' | 'failed' | 'skipped' | 'warning' | 'neutral';

/** A status as shape, word and colour. The shape is drawn by the style. */
export function StatusMark({ status, word }: { readonly status: Status; readonly word?: string }) {
  return <b class={`status ${status}`}>{word ?? WORDS[status]}</b>;
}

const WORDS: Readonly<Record<Status, string>> = {
  passed: 'Passed',
  failed: 'Failed',
  skipped: 'Skipped',
  warning: 'Warning',
  neutral: 'Note',
};

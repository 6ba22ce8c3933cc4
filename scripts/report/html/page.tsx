/** @jsxRuntime automatic @jsxImportSource preact */
import { createHash } from 'node:crypto';
import type { ComponentChildren } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { Tone } from '../words.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';

interface PageProps {
  readonly title: string;
  /** The colour of the page's edge; the words have the meaning. */
  readonly tone: Tone;
  readonly children: ComponentChildren;
}

/** One self-contained HTML document: it loads nothing, and its policy lets nothing else run. */
export function renderPage(props: PageProps): string {
  return `<!doctype html>\n${renderToString(<Page {...props} />)}\n`;
}

function Page({ title, tone, children }: PageProps) {
  return (
    <html lang="en" class={`tone-${tone}`}>
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content={POLICY} />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <meta name="robots" content="noindex" />
        <title>{title}</title>
        {/* The one style of the page, a constant */}
        <style dangerouslySetInnerHTML={{ __html: STYLE }} />
      </head>
      <body>
        {children}
        {/* The one script of the page, a constant */}
        <script dangerouslySetInnerHTML={{ __html: SCRIPT }} />
      </body>
    </html>
  );
}

const POLICY = [
  "default-src 'none'",
  `style-src ${hashSource(STYLE)}`,
  `script-src ${hashSource(SCRIPT)}`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** CSP Level 3, §2.3.1: the hash of exactly what is between the tags. */
function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

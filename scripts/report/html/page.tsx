/** @jsxRuntime automatic @jsxImportSource preact */
import { createHash } from 'node:crypto';
import type { ComponentChildren } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { Tone } from '../words.ts';

interface PageProps {
  readonly title: string;
  /** The colour of the page's edge; the words have the meaning. */
  readonly tone: Tone;
  /** The one style and the one script of the page, which are the tool's own. */
  readonly style: string;
  readonly script: string;
  readonly children: ComponentChildren;
}

/** One self-contained HTML document: it loads nothing, and its policy lets nothing else run. */
export function renderPage(props: PageProps): string {
  return `<!doctype html>\n${renderToString(<Page {...props} />)}\n`;
}

function Page({ title, tone, style, script, children }: PageProps) {
  return (
    <html lang="en" class={`tone-${tone}`}>
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content={policyOf(style, script)} />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <meta name="robots" content="noindex" />
        <title>{title}</title>
        <style dangerouslySetInnerHTML={{ __html: style }} />
      </head>
      <body>
        {children}
        <script dangerouslySetInnerHTML={{ __html: script }} />
      </body>
    </html>
  );
}

function policyOf(style: string, script: string): string {
  return [
    "default-src 'none'",
    `style-src ${hashSource(style)}`,
    `script-src ${hashSource(script)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

/** CSP Level 3, §2.3.1: the hash of exactly what is between the tags. */
function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const EXECUTABLE = '/usr/bin/chromium';

/**
 * Whether there is a browser to test with. In CI a missing one is a failure; elsewhere the tests are skipped, and say so.
 */
export function hasChromium(): boolean {
  if (existsSync(EXECUTABLE)) return true;
  const message = `${EXECUTABLE} is missing: install the package chromium to test the report in a real browser.`;
  if (process.env['CI']) throw new Error(message);
  console.warn(`SKIPPED: ${message}`);
  return false;
}

/** A page as a reader opens it: from a file, in a browser without history. */
export interface OpenPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the page tried and was not allowed, and what went wrong in it. */
  readonly complaints: string[];
}

/** A browser that opens texts as files. */
export class Reader {
  readonly #browser: Browser;
  readonly #folder: string;
  #count = 0;

  private constructor(browser: Browser, folder: string) {
    this.#browser = browser;
    this.#folder = folder;
  }

  static async start(): Promise<Reader> {
    // A browser that playwright launches gets a new user data directory of its own.
    const browser = await chromium.launch({
      executablePath: EXECUTABLE,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
    });
    return new Reader(browser, await mkdtemp(join(tmpdir(), 'report-')));
  }

  async open(html: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
    const file = join(this.#folder, `${++this.#count}.html`);
    await writeFile(file, html);
    const context = await this.#browser.newContext({ timezoneId: 'Europe/Berlin', locale: 'en-GB', ...options });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text().slice(0, 300)}`));
    page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) complaints.push(`request: ${request.url().slice(0, 300)}`);
    });
    page.on('dialog', (dialog) => {
      complaints.push('a dialog opened');
      void dialog.dismiss();
    });
    await page.addInitScript(OBSERVE);
    await page.goto(pathToFileURL(file).href);
    return { page, context, complaints };
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Collects what the page does from its very start. */
const OBSERVE = `
  window.violations = [];
  document.addEventListener('securitypolicyviolation', (event) => window.violations.push(event.violatedDirective + ' ' + event.blockedURI));
`;

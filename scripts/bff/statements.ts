import { readJson } from './log-json.ts';
import { cut, withoutBars, withoutTimestamp } from './log-line.ts';

/** What one record of a log says so far: its line, or a headline with the lines and exceptions that belong to it. */
export interface Statement {
  readonly text: string;
  /** Files that its traceback went through. */
  readonly frames: string;
  /** It goes on from the line above. */
  readonly continued: boolean;
}

const LONGEST = { text: 4_096, frames: 2_048 };

/**
 * Groups lines into records. A traceback counts by its exceptions, never by its source lines, together with the error line
 * right above it; an indented line belongs to the line above.
 */
export class Statements {
  #traceback = false;
  /** The traceback is one of an exception group: every line of it has a bar in front, and one without ends it. */
  #group = false;
  /** In a group, the exception of a traceback was read, and its message may go on. */
  #raised = false;
  /** The traceback's box has ended: its exception comes next, at whatever indentation. */
  #boxed = false;
  /** An exception was just read: a chain may go on. */
  #chain = false;
  /** Text of the record that the next line may belong to; '': none. */
  #head = '';
  #frames = '';

  /** The next line may belong to the record above, whatever it says. */
  get open(): boolean {
    return this.#traceback || this.#head !== '';
  }

  /** The line belongs to the record above. */
  takes(line: string): boolean {
    return this.#traceback || (this.#head !== '' && /^\s+\S/.test(line));
  }

  /** A line of no interest came in between. */
  close(): void {
    this.#traceback = this.#group = this.#raised = this.#boxed = this.#chain = false;
    this.#head = this.#frames = '';
  }

  /** Takes the next clean line; null where it says nothing by itself. */
  read(line: string): Statement | null {
    if (this.#traceback) return this.#readTraceback(line);
    if (line.trim() === '') return null;
    if (CHAIN.test(line)) return null;
    const json = readJson(withoutTimestamp(line).replace(LEVEL, ''));
    if (json !== null) return this.#begin(json.words, json.frames);
    if (TRACEBACK.test(line)) return this.#openTraceback(line);
    if (/^\s/.test(line) && this.#head !== '') return this.#append(line.trim());
    return this.#begin(withoutTimestamp(line), '');
  }

  #begin(text: string, frames: string): Statement {
    this.#chain = false;
    this.#head = cut(text, LONGEST.text);
    this.#frames = frames;
    return { text: this.#head, frames, continued: false };
  }

  #append(text: string): Statement {
    const continued = this.#head !== '';
    this.#head = cut(continued ? `${this.#head} ; ${text}` : text, LONGEST.text);
    return { text: this.#head, frames: this.#frames, continued };
  }

  #openTraceback(line: string): null {
    // The line above belongs to it when it reports a failure; an uncaught exception may follow on anything.
    if (!this.#chain && !FAILING.test(this.#head)) this.#head = '';
    const before = line.slice(0, line.indexOf('Traceback (')).replace(/[^\w)\].]+$/, '');
    if (FAILING.test(before) && before.length > 12) this.#append(withoutTimestamp(before));
    this.#traceback = true;
    this.#group = GROUP.test(line);
    return null;
  }

  #readTraceback(line: string): Statement | null {
    this.#group ||= GROUP.test(line);
    if (this.#group && !/^\s*[|+]/.test(line)) {
      this.#traceback = this.#group = this.#raised = false;
      this.#chain = true;
      return this.read(line);
    }
    const text = withoutBars(line);
    if (TRACEBACK.test(text)) this.#raised = false;
    if (text.trim() === '' || TRACEBACK.test(text) || CHAIN.test(text)) return null;
    if (/^\s*╰/.test(text)) this.#boxed = true;
    else if (this.#boxed && !/^\s*[│╭]/.test(text)) return this.#readException(text.trim());
    if (this.#raised && /^\s+[^\s+]/.test(text)) return this.#append(text.trim());
    if (FRAME.test(text)) {
      const file = /File "([^"]*)"|[│|]\s*(\/\S+\.py):\d+/.exec(text);
      if (file !== null) this.#frames = `${this.#frames} ${file[1] ?? file[2]}`.slice(-LONGEST.frames);
      return null;
    }
    return this.#readException(text);
  }

  #readException(text: string): Statement {
    this.#traceback = this.#raised = this.#group;
    this.#boxed = false;
    this.#chain = true;
    return this.#append(withoutTimestamp(text));
  }
}

/** Begins a group, or goes on with one. */
const GROUP = /\+ Exception Group Traceback|^\s*\+-[-+]/;
/** Of a traceback: a file, its source, a value, a rule between two exceptions. */
const FRAME = /^(?:[\s|+│╭╰┌└─]|> File ")/;
/** At the end of its line: in the middle it is quoted, as in JSON that was cut off. */
const TRACEBACK = /Traceback \(most recent call last\)[:\s─╮-]*$/;
const CHAIN = /^\s*(?:\| )?(?:During handling of the above exception|The above exception was the direct cause)/;
const FAILING = /error|critical|fatal|warn|fail|exception/i;
const LEVEL = /^(?:TRACE|DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL|FATAL)[\s:|-]+(?=\{)/i;

/** A part of a regular expression that repeats without a small limit, and a text that leads up to it. */
interface Pump {
  readonly before: string;
  /** What is repeated. */
  readonly unit: string;
}

/** What is read of an expression so far: texts that match it, and what in it can be repeated. */
interface Read {
  readonly samples: readonly string[];
  readonly pumps: readonly Pump[];
}

/** Signs that may be in a class, ordinary ones first. */
const SIGNS = [...'aZ0 \n\t-_./:@=,;\'"`{}[]()<>|\\$#&?*+~^%!\r\u001b\u00e9\u2028'];
/** So many different texts for one part are enough. */
const MOST_SAMPLES = 4;
const MOST_PUMPS = 16;
/** A repeat with a higher limit counts as one without. */
const SMALL_LIMIT = 400;

/**
 * Texts of `length` characters that are slow for an expression with two unbounded repeats nested or side by side: for each
 * repeat what leads up to it and then nothing else, and the same again and again. They come from the expression itself.
 */
export function hostileTexts(source: string, flags: string, length: number): string[] {
  const { pumps } = new Reader(source, flags).read();
  const texts = pumps.flatMap(({ before, unit }) => [before + fill(unit, length), fill(before + unit, length)]);
  return [...new Set(texts)].map((text) => `${text}\u0000`);
}

/** `unit` again and again, as one flat text. */
export function fill(unit: string, length: number): string {
  return unit === '' ? '' : unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
}

const NOTHING: Read = { samples: [''], pumps: [] };

/** Reads the source of an expression that the engine has accepted, from left to right. */
class Reader {
  #at = 0;
  readonly #source: string;
  readonly #flags: string;

  constructor(source: string, flags: string) {
    this.#source = source;
    this.#flags = flags.replaceAll(/[gy]/g, '');
  }

  read(): Read {
    const all: Read[] = [this.#sequence()];
    while (this.#take('|')) all.push(this.#sequence());
    return {
      samples: distinct(all.flatMap(({ samples }) => samples)).slice(0, MOST_SAMPLES * 2),
      pumps: all.flatMap(({ pumps }) => pumps).slice(0, MOST_PUMPS),
    };
  }

  #sequence(): Read {
    let read = NOTHING;
    while (this.#at < this.#source.length && !'|)'.includes(this.#source[this.#at] ?? '')) {
      const part = this.#repeated(this.#part());
      read = {
        samples: distinct(
          part.samples.flatMap((next, index) => [(read.samples[index % read.samples.length] ?? '') + next]),
        ).slice(0, MOST_SAMPLES),
        pumps: [
          ...read.pumps,
          ...part.pumps.map(({ before, unit }) => ({ before: (read.samples[0] ?? '') + before, unit })),
        ].slice(0, MOST_PUMPS),
      };
    }
    return read;
  }

  #repeated(part: Read): Read {
    const [whole, least, most] = this.#match(/^(?:[*+?]|\{(\d+)(,?\d*)\})\??/) ?? [];
    if (whole === undefined) return part;
    const least0 = least === undefined ? (whole.startsWith('+') ? 1 : 0) : Number(least);
    const limit = limitOf(whole, least0, most);
    const samples = least0 === 0 ? [...part.samples, ''] : part.samples.map((sample) => sample.repeat(least0));
    const units = distinct(part.samples).filter((unit) => unit !== '');
    return {
      samples,
      pumps: limit < SMALL_LIMIT ? part.pumps : [...part.pumps, ...units.map((unit) => ({ before: '', unit }))],
    };
  }

  #part(): Read {
    if (this.#take('(')) {
      const [opening = ''] = this.#match(/^\?(?:[:=!]|<[=!]|<\w+>)/) ?? [];
      const inner = this.read();
      this.#take(')');
      // What a look-around sees need not be there: it leads up to nothing, but may repeat as well.
      return /[=!]/.test(opening) ? { samples: [''], pumps: inner.pumps } : inner;
    }
    if (this.#match(/^(?:[$^]|\\[bB])/)) return NOTHING;
    const [atom = ''] =
      this.#match(
        /^(?:\[(?:\\.|[^\]\\])*\]|\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|k<\w+>|.)|.)/su,
      ) ?? [];
    if (/^\\(?:[1-9]|k)/.test(atom)) return NOTHING;
    const isOne = new RegExp(`^(?:${atom})$`, this.#flags);
    const plain = atom.length === 1 ? [atom] : [];
    return { samples: [...plain, ...SIGNS].filter((sign) => isOne.test(sign)).slice(0, MOST_SAMPLES), pumps: [] };
  }

  #take(sign: string): boolean {
    const isNext = this.#source[this.#at] === sign;
    if (isNext) this.#at++;
    return isNext;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    const match = pattern.exec(this.#source.slice(this.#at));
    this.#at += match?.[0].length ?? 0;
    return match;
  }
}

function limitOf(whole: string, least: number, most: string | undefined): number {
  if (whole.startsWith('?')) return 1;
  if (most === undefined || most === ',') return Number.POSITIVE_INFINITY;
  return most === '' ? least : Number(most.slice(1));
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

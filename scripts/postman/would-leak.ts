import { AppError } from '../core/errors.ts';
import type { CollectionRun } from '../core/ports.ts';
import type { Message } from '../secrets/found.ts';
import { Masker } from '../secrets/masker.ts';

/**
 * Why a request is not to be sent: it would take the guarded secret, in any form, to another origin. null: it may go.
 *
 * @returns AppError `secret-astray`
 */
export function wouldLeakTo(
  { url, headers, body }: Message & { readonly url: string },
  { secret, origin }: NonNullable<CollectionRun['guarded']>,
): AppError | null {
  const target = URL.canParse(url) ? new URL(url) : null;
  if (target?.origin === origin) return null;
  const masker = new Masker();
  masker.add(secret);
  const sent = [url, ...headers.map(({ name, value }) => `${name}: ${value}`), body];
  if (sent.every((text) => masker.find(text).length === 0)) return null;
  return new AppError(
    'secret-astray',
    `The collection was about to send the ${secret.label} to ${target?.host ?? 'another host'}; it was not sent.`,
    {
      hint: `Only ${new URL(origin).host} gets it. Look at the scripts of the collection (pm.sendRequest), of the request and of the folders around it.`,
    },
  );
}

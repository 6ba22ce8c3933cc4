import { AppError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import type { Message } from '../secrets/found.ts';
import { Masker } from '../secrets/masker.ts';
import type { Order } from './newman-messages.ts';

type Guarded = NonNullable<Order['guarded']>;

/**
 * Whether a request is not to be sent, because it would take the guarded secret, in any form, to another origin.
 *
 * @returns that other host, null where the URL has none; undefined: the request may go
 */
export function strayHostOf(
  { url, headers, body }: Message & { readonly url: string },
  { secret, label, origin }: Guarded,
): string | null | undefined {
  const target = URL.canParse(url) ? new URL(url) : null;
  if (target?.origin === origin) return undefined;
  const masker = new Masker();
  masker.add(new Secret(secret, label));
  const sent = [url, ...headers.map(({ name, value }) => `${name}: ${value}`), body];
  return sent.every((text) => masker.find(text).length === 0) ? undefined : (target?.host ?? null);
}

/** What a run fails with whose secret was about to go to this host. */
export function secretAstray(host: string | null, { label, origin }: Pick<Guarded, 'label' | 'origin'>): AppError {
  return new AppError(
    'secret-astray',
    `The collection was about to send the ${label} to ${host ?? 'another host'}; it was not sent.`,
    {
      hint: `Only ${new URL(origin).host} gets it. Look at the scripts of the collection (pm.sendRequest), of the request and of the folders around it.`,
    },
  );
}

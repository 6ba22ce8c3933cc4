import { Secret } from '../../scripts/core/secret.ts';
import { type Leak, Masker } from '../../scripts/secrets/masker.ts';
import { plantedForms } from './planted-forms.ts';

/** Where any of the secrets stands in a text or in a file's bytes, in any form. */
export function findLeaks(input: string | Uint8Array, secrets: Iterable<Secret>): Leak[] {
  const masker = new Masker();
  for (const secret of secrets) masker.add(secret);
  return masker.find(input);
}

/**
 * Plants an invented secret in every form and says which of them are not found. Anything but an empty list means that the
 * guard is blind, and that "no leak found" is not to be believed.
 */
export function blindSpots(): string[] {
  return [PLANT, AWKWARD_PLANT].flatMap((plant) => {
    const masker = new Masker();
    masker.add(new Secret(plant, 'planted'));
    return [...plantedForms(plant)]
      .filter(([, text]) => {
        const page = `{"before": 1, "at": "${text}", "after": 2}`;
        return [page, Buffer.from(page)].some((input) => masker.find(input).length === 0);
      })
      .map(([form]) => form);
  });
}

const PLANT = 'planted-for-the-self-test_0123456789~+/AbCdEfGhIjKlMnOp==';
const AWKWARD_PLANT = `a "planted" secret's <value> & more: 50% $off \\ {é€🙂} [x]`;

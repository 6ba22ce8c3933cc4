import { describe, expect, test } from 'vitest';
import { readAdminToken } from '../../scripts/cli/admin-token.ts';

const TOKEN = 'made-up-admin-token-0001';
const JWT = `eyJhbGciOiJub25lIn0.${'eyJzdWIiOiJtYWRlLXVwIn0'.repeat(8)}.c2lnbmF0dXJl`;

const utf16 = (text: string) => Buffer.from(text, 'utf16le');

/** What comes of a file with this content. */
function read(content: string | Uint8Array) {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const none = async () => '';
  const sources = { variable: null, file: 'token.txt', files: { read: async () => bytes }, readStdin: none, ask: null };
  return readAdminToken(sources).then((secret) => secret.reveal());
}

describe('what people put into the file of the admin token is read', () => {
  test.each([
    ['the token', `${TOKEN}\n`],
    ['UTF-8 with a byte order mark', `\ufeff${TOKEN}\r\n`],
    ['UTF-16 of PowerShell', Buffer.concat([Buffer.from([0xff, 0xfe]), utf16(`${TOKEN}\r\n`)])],
    ['UTF-16, big endian', Buffer.concat([Buffer.from([0xfe, 0xff]), utf16(TOKEN).swap16()])],
    ['UTF-16 without a mark', utf16(`${TOKEN}\r\n`)],
    ['quotes', `"${TOKEN}"\n`],
    ['Bearer', `bearer ${TOKEN}`],
    ['a header', `Authorization: Bearer ${TOKEN}\n`],
    ['the header of curl', `'Authorization: Bearer ${TOKEN}'`],
    ['an assignment', `access_token=${TOKEN}\n`],
    ['an exported variable', `export IAT_ADMIN_TOKEN="${TOKEN}"`],
    ['a variable of PowerShell', `$env:IAT_ADMIN_TOKEN = '${TOKEN}'`],
    ['a form', `access_token=${TOKEN}&token_type=Bearer`],
    ['the whole answer', `{"access_token":"${TOKEN}","expires_in":300}`],
    ['the whole answer on lines', JSON.stringify({ token_type: 'Bearer', access_token: TOKEN }, null, 2)],
  ])('%s', async (_, content) => {
    await expect(read(content)).resolves.toBe(TOKEN);
  });

  test('a JWT that a terminal wrapped', async () => {
    await expect(read(JWT.replace(/.{80}/g, '$&\n'))).resolves.toBe(JWT);
  });

  test('padding stays', async () => {
    await expect(read(`${TOKEN}==`)).resolves.toBe(`${TOKEN}==`);
  });
});

describe('what is no token is refused with the reason', () => {
  test.each([
    ['short07', /has 7 characters.*8 are needed/],
    ['x'.repeat(16_385), /16385 characters/],
    ['made-up-admi\nn-token-0001', /has 2 lines/],
    ['made-up admin-token-0001', /contains spaces/],
    ['made-up$admin-token-0001', /RFC 6750.*number 8/],
    ['made-up=admin-token-0001', /RFC 6750.*number 8/],
    ['mäde-up-admin-token-0001', /RFC 6750.*number 2/],
    ['{"id_token":"made-up-admin-token-0001"}', /JSON without a member access_token/],
    ['{"access_token":"made-up-admin', /JSON.*cut off/],
    ['["made-up-admin-token-0001"]', /no JSON object/],
    ['Basic bWFkZTp1cC1hZG1pbg==', /Basic/],
    ['-----BEGIN PRIVATE KEY-----\nx', /PEM/],
    ['<!doctype html><p>Sign in', /web page/],
    ['<paste_token_here>', /placeholder/],
    ['your-token-here', /placeholder/],
  ])('%j', async (content, reason) => {
    const error: { code: string; message: string } = await read(content).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'bad-value', message: expect.stringMatching(reason) });
    expect(error.message).not.toMatch(/made-up|short07|xxx/);
  });

  test.each(['', ' \n', '""'])('%j: nothing', async (content) => {
    await expect(read(content)).rejects.toMatchObject({ code: 'admin-token-missing' });
  });
});

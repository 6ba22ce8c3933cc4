import type { FakeClock } from './fake-clock.ts';
import type { Behaviour, FakeInstance } from './fake-stack.ts';

/** What services of the documented environment need besides the token. */
export const ENVIRONMENT = {
  DCR_ENABLED: 'true',
  SKIP_DCR_BOOTSTRAP: 'false',
  ALLOW_BOOTSTRAP_FAILURE: 'false',
  IDP_BASE_URL: 'http://idp-app:8002',
  BFF_KID: 'bff-sig-001',
};

export const REGISTERED = 'INFO - Client registered: bff-server status=201 Created';
export const CACHED = 'INFO - Cached client credentials found: bff-server';
export const NOTHING_TO_DO = 'INFO - Client bff-server exists and key bff-sig-001 is registered: nothing to do';
export const UP = 'INFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)';
export const NO_TOKEN = 'ERROR - No cached credentials and DCR_IAT is not set: cannot register client bff-server';
export const REFUSED = 'ERROR - Client registration failed: 401 Unauthorized {"error":"invalid_token"}';
export const OVER = 'ERROR:    Application startup failed. Exiting.';

/** Half a second after its start it has registered or found its credentials, and serves; without either it fails. */
export function wellBehaved(clock: FakeClock, { isRegistered = false } = {}): Behaviour {
  let hasCredentials = isRegistered;
  return async (bff, signal) => {
    await clock.sleep(500, signal);
    if (hasCredentials) bff.write(CACHED, NOTHING_TO_DO);
    else if (bff.env['DCR_IAT']) bff.write(REGISTERED);
    else return fail(bff, NO_TOKEN);
    hasCredentials = true;
    bff.write(UP);
    bff.serve();
  };
}

/** It says why, and ends. */
export function fail(bff: FakeInstance, why: string): void {
  bff.write(why, OVER);
  bff.exit(3);
}

import { expect, test } from 'vitest';
import { isSecretName } from '../../scripts/secrets/places.ts';

const SECRET = `
token access_token refresh_token id_token registration_access_token initial_access_token admin_token apiToken github_token
X-Id-Token X-Refresh-Token X-Admin-Token X-Registration-Access-Token X-Forwarded-Access-Token X-Auth-Request-Access-Token
Private-Token Circle-Token X-Vault-Token X-Amz-Security-Token X-CSRF-Token csrfmiddlewaretoken registration_token accesstoken
token_1 TOKEN_VALUE tokenNew client_secret clientSecret SESSION_SECRET SECRET_KEY_BASE secretAccessKey AWS_SECRET_ACCESS_KEY
password db_password adminPassword my_password password2 PGPASSWORD POSTGRES_PASSWORD new_password passwd SMTP_PASS DB_PWD
passphrase KEY_PASSPHRASE user[password] passcode pin user_pin otp mfa_otp credential credentials X-Amz-Credential
api_key apiKey X-Api-Key APIKEY X-Goog-Api-Key Ocp-Apim-Subscription-Key X-Functions-Key subscription_key private_key
PRIVATE_KEY signing_key BFF_JWT_SIGNING_KEY COOKIE_SIGNING_KEY ENCRYPTION_KEY FERNET_KEY SESSION_SECRET_KEY STORAGE_KEY
AccountKey AZURE_STORAGE_ACCOUNT_KEY session_key access_key SharedAccessKey REDIS_AUTH auth X-Auth authorization
X-Authorization Proxy-Authorization STORAGE_SAS sas sig signature X-Amz-Signature cookie jwt X-JWT assertion client_assertion
rat BFF_RAT iat DCR_IAT dcrIat DPoP dsn SENTRY_DSN connection_string AZURE_STORAGE_CONNECTION_STRING ConnectionString
ConnectionStrings device_code code_verifier sessionId session_id PHPSESSID JSESSIONID id_token_hint software_statement ssa
SAMLResponse bearer consumerSecret authKey X-Session-Token`;

const OPEN = `
token_type token_endpoint tokens max_tokens prompt_tokens expires_in author authority authentication pinned spin ping keyboard
sort_key public_key primary_key foreign_key partition_key cache_key key keys kid BFF_KID key_id AWS_ACCESS_KEY_ID jwks
SKIP_DCR_BOOTSTRAP SESSION_TTL DCR_ENABLED DCR_IAT_LABEL IAT_LABEL iat_label iat_expires_in iat_max_usages IAT_IDP_URL
ALLOW_BOOTSTRAP_FAILURE IDP_BASE_URL DCR_CLIENT_ID DCR_CLIENT_PROFILE DCR_REDIRECT_URIS MS_BFF_TOKEN_AUTH_METHOD
BFF_CLIENT_CRED_PATH BFF_JWK_ROTATE_AFTER_DAYS PROM_PUSHGATEWAY_URL KAFKA_BOOTSTRAP_SERVERS REDIS_URL DATABASE_URL
token_endpoint_auth_method client_secret_expires_at client_id client_name auth_time auth_url auth_method access_token_lifetime
password_reset_url cookie_name cookie_domain signature_algorithm code_challenge code state nonce scope error error_description
email username user host port path content-type content-length date server etag www-authenticate location accept x-request-id
Postman-Token bypass compass secretary ratio rate status label expires_at jti sub iss aud exp id d p q k`;

const list = (text: string) => text.trim().split(/\s+/);

test.each(list(SECRET))('%s is a secret', (name) => {
  expect(isSecretName(name)).toBe(true);
});

test.each(list(OPEN))('%s is none', (name) => {
  expect(isSecretName(name)).toBe(false);
});

test('both lists are long, and a name of 200 kB is no trouble', () => {
  expect(list(SECRET).length).toBeGreaterThan(90);
  expect(list(OPEN).length).toBeGreaterThan(90);
  expect(isSecretName(`${'aB_'.repeat(70_000)}token`)).toBe(true);
});

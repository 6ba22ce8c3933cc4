import type { RestartPolicy } from './services.ts';

export interface TemplateOptions {
  /** With `/api/oidc` at its end, as the runbook has it. */
  readonly idpBaseUrl: string;
  /** Where the BFF is published on this machine. */
  readonly port: number;
  readonly restart: RestartPolicy;
  /** The value of DCR_IAT; null: no such line. */
  readonly iat: string | null;
}

/** Name of the file beside the compose file that `env_file` refers to. */
export const ENV_FILE = 'bff.env';

/** A compose file of the same shape as the BFF's own, with comments. */
export function renderComposeFile({ idpBaseUrl, port, restart, iat }: TemplateOptions): string {
  const iatLine = iat === null ? '' : `\n      DCR_IAT: "${iat}"`;
  return `# Compose file of the sandbox: of the same shape as the real one, but the services are processes on this machine.
name: sandbox

x-logging: &logging
  driver: json-file
  options:
    max-size: "10m"

services:
  # --- backend-for-frontend ---------------------------------------------------------------
  bff:
    image: sandbox/ms_bff:latest
    restart: ${restart === 'no' ? '"no"' : restart}
    env_file: ./${ENV_FILE}
    environment:
      # Dynamic Client Registration
      DCR_ENABLED: "true"
      SKIP_DCR_BOOTSTRAP: "false"        # "true" starts without a client
      IDP_BASE_URL: ${idpBaseUrl}${iatLine}
      ALLOW_BOOTSTRAP_FAILURE: "false"
      DCR_FORCE_REPLACE: "false"
      DCR_CLIENT_ID: bff-server
      DCR_CLIENT_PROFILE: code-flow-pkjwt
      DCR_REDIRECT_URIS: https://bff.sandbox.example/auth/callback
      # Keys and cached credentials live in the volume
      DCR_SIGNING_KEY: /app/keys/bff-sig-001.pem
      BFF_KID: bff-sig-001
      BFF_CLIENT_CRED_PATH: /app/keys/bff_client.json
      MS_BFF_TOKEN_AUTH_METHOD: private_key_jwt
      DCR_ROTATION_SAFE: "true"
      BFF_JWK_MAX_KEYS: "3"
      KAFKA_BOOTSTRAP_SERVERS: kafka:9092
    ports:
      - "127.0.0.1:${port}:8000"
    volumes:
      - bff-keys:/app/keys
    depends_on:
      - shared_redis
      - idp
      - kafka
    labels:
      - traefik.enable=true
      - traefik.http.routers.bff.rule=Host(\`bff.sandbox.example\`)
    logging: *logging

  idp:
    image: sandbox/idp:latest
    logging: *logging

  shared_redis:
    image: redis:7-alpine

  kafka:
    image: apache/kafka:3.9.0

volumes:
  bff-keys:
`;
}

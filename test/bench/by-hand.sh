#!/bin/sh
# The runbook as a shell script: what `npm run iat` is measured against. It checks nothing and writes no report.
set -e
token=$($NEWMAN run "$COLLECTION" --folder 'DCR IAT' --verbose \
  --env-var "idp_url=$URL" --env-var "admin_token=$IAT_ADMIN_TOKEN" | sed -n 's/.*"token":"\([^"]*\)".*/\1/p')
test -n "$token"
sed "s|DCR_IAT: .*|DCR_IAT: \"$token\"|" "$COMPOSE" > "$COMPOSE.new"
mv "$COMPOSE.new" "$COMPOSE"
docker compose -f "$COMPOSE" up -d bff
$NEWMAN run "$COLLECTION" --folder 'BFF Health' --env-var "bff_url=$URL"

#!/bin/sh
# Makes apps/central-hub/.env from .env.example where there is none: for its owner
# alone, with a random secret.
set -eu
cd "$(dirname "$0")/../apps/central-hub"
[ ! -e .env ] || exit 0
secret=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
new=$(mktemp .env.XXXXXX)
trap 'rm -f "$new"' EXIT
sed "s/^SESSION_SECRET=$/SESSION_SECRET=$secret/" .env.example >"$new"
# Another call may have been quicker; its secret may be in use.
ln "$new" .env 2>/dev/null || exit 0
echo "made apps/central-hub/.env with a new SESSION_SECRET"

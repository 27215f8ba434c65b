#!/bin/sh
# Starts what ecosystem.yaml declares, with the daemon if there is none, and
# shows the process table and what the hub answers. An app that runs already is
# restarted, with the environment of this call: PORT=4000 make up moves the hub.
set -eu
cd "$(dirname "$0")/.."
scripts/check-tools.sh curl
scripts/hub-env.sh

# port says where the hub listens, by the rules of apps/central-hub.
port() {
	if [ -n "${PORT+set}" ]; then
		echo "${PORT:-3012}"
		return
	fi
	from_file=$(sed -n 's/^[[:space:]]*\(export[[:space:]][[:space:]]*\)\{0,1\}PORT[[:space:]]*=[[:space:]]*["'\'']\{0,1\}\([0-9]*\).*/\2/p' \
		apps/central-hub/.env 2>/dev/null | tail -n 1)
	echo "${from_file:-3012}"
}

# start_at starts the file's app with that port in listen, which is the socket that
# the daemon opens: 3012 may be another's.
start_at() {
	case $1 in
	3012 | *[!0-9]*) bin/hubctl start ecosystem.yaml --update-env ;;
	*) sed "s/^\( *listen:\) 3012/\1 $1/" ecosystem.yaml | bin/hubctl start - --update-env ;;
	esac
}

port=$(port)
start_at "$port"
url="http://localhost:$port/health"
echo "$url"
curl -fsS --max-time 10 --noproxy localhost "$url"
echo

#!/bin/bash
# Counts the requests that fail while an app's process changes: wrk asks the hub of
# apps/central-hub without keep-alive, so that each request is a connection of its
# own, and meanwhile the app is restarted, reloaded and killed, and the daemon is
# killed. Prints a table; exits 1 if a request failed that must not fail.
#
#   HUB_PM2      PM2's program, to have the same done by PM2 beside it
#   CONNECTIONS  how many clients there are at once (default 16)
#
# It needs wrk, and bin/ as make build leaves it. Home and port are its own.
#
# shellcheck disable=SC2317 # what is done under load is called by name
set -euo pipefail
cd "$(dirname "$0")/.."
command -v wrk >/dev/null || {
	echo "wrk is missing: apt-get install wrk" >&2
	exit 1
}
connections=${CONNECTIONS:-16}
bin=$PWD/bin
work=$(mktemp -d)
export HUB_HOME=$work/hub PM2_HOME=$work/pm2
port=21000
while (: <"/dev/tcp/localhost/$port") 2>/dev/null; do port=$((port + 1)); done
url=http://127.0.0.1:$port/health
failed=0

clean_up() {
	"$bin/hubctl" kill >/dev/null 2>&1 || true
	[ -z "${HUB_PM2:-}" ] || "$HUB_PM2" kill >/dev/null 2>&1 || true
	rm -rf "$work"
}
trap clean_up EXIT

printf 'SESSION_SECRET=bench\nSESSION_MANAGER_BASE_URL=http://127.0.0.1:3001\n' >"$work/.env"
cat >"$work/hub.yaml" <<YAML
- {name: app, script: $bin/central-hub, cwd: $work, listen: $port, wait_ready: true,
   kill_signal: SIGTERM, kill_timeout: 5000, listen_timeout: 10000, max_restarts: 1000}
YAML
cat >"$work/pm2.json" <<JSON
[{"name": "app", "script": "$bin/central-hub", "cwd": "$work", "interpreter": "none", "wait_ready": true,
  "kill_timeout": 5000, "listen_timeout": 10000, "max_restarts": 1000, "env": {"PORT": "$port"}}]
JSON

# number PATTERN: the number behind it in what wrk has printed, or 0.
number() { sed -n "s/.*$1 *\([0-9]*\).*/\1/p" "$work/wrk" | grep . || echo 0; }

# row ALLOWED LABEL COMMAND…: a row of the table, with the command done under load.
# ALLOWED says whether requests may fail.
row() {
	local allowed=$1 label=$2 load bad
	shift 2
	wrk -t 2 -c "$connections" -d 600s --timeout 20s -H 'Connection: close' "$url" >"$work/wrk" 2>&1 &
	load=$!
	sleep 1
	"$@" >"$work/out" 2>&1 || {
		cat "$work/out" >&2
		failed=1
	}
	sleep 1
	kill -INT "$load"
	wait "$load" || true
	bad=$(($(number connect) + $(number ', read') + $(number ', write') + $(number ', timeout') + $(number 'Non-2xx or 3xx responses:')))
	printf '| %-31s | %8d | %7d | %7d | %5d | %5d | %7d | %7d | %9s |\n' "$label" \
		"$(sed -n 's/^ *\([0-9]*\) requests in .*/\1/p' "$work/wrk")" "$bad" \
		"$(number connect)" "$(number ', read')" "$(number ', write')" "$(number ', timeout')" "$(number 'Non-2xx or 3xx responses:')" \
		"$(awk '$1 == "Latency" { print $4 }' "$work/wrk")"
	if [ "$allowed" = none ] && [ "$bad" -gt 0 ]; then failed=1; fi
}

# times N COMMAND…: with half a second in between, so that all that a change does is
# over at the next.
times() {
	local n=$1
	shift
	for ((; n > 0; n--)); do
		"$@"
		sleep 0.5
	done
}

serving() { curl -fsS --retry 50 --retry-connrefused --retry-delay 0 --max-time 10 --noproxy '*' -o /dev/null "$url"; }
kill_daemon() {
	kill -KILL "$(cat "$HUB_HOME/hubd.pid")"
	"$bin/hubctl" ping
}
kill_app() { kill -KILL "$("$@" app)"; }

echo "| without keep-alive, $connections at once | requests |  failed | connect |  read | write | timeout | non-2xx | slowest   |"
echo "|---------------------------------|---------:|--------:|--------:|------:|------:|--------:|--------:|----------:|"
"$bin/hubctl" start "$work/hub.yaml" >/dev/null
serving
row none "hub: nothing for 10 s" sleep 10
row none "hub: 20 restarts" times 20 "$bin/hubctl" restart app
row none "hub: 20 reloads" times 20 "$bin/hubctl" reload app
row none "hub: 5 kill -9 of the daemon" times 5 kill_daemon
row some "hub: 5 kill -9 of the app" times 5 kill_app "$bin/hubctl" pid
"$bin/hubctl" kill >/dev/null

if [ -n "${HUB_PM2:-}" ]; then
	"$HUB_PM2" start "$work/pm2.json" >/dev/null
	serving
	row some "PM2: 20 restarts" times 20 "$HUB_PM2" restart app
	row some "PM2: 20 reloads" times 20 "$HUB_PM2" reload app
	row some "PM2: 5 kill -9 of the app" times 5 kill_app "$HUB_PM2" pid
fi
exit "$failed"

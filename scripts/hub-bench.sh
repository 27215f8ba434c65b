#!/bin/bash
# Measures central-hub: /health beside a bare Gin (wrk, 5 runs of each in turn), a
# refused QR code at a fixed rate, memory after 100,000 of these, the time from exec to
# ready. Usage: scripts/hub-bench.sh
set -euo pipefail
cd "$(dirname "$0")/.."
command -v wrk >/dev/null || {
	echo "wrk is missing: apt-get install wrk" >&2
	exit 1
}
work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT
CGO_ENABLED=0 go build -trimpath -buildvcs=false -o "$work/" ./apps/central-hub ./scripts/baregin ./scripts/openloop ./scripts/readytime
printf 'SESSION_SECRET=bench\nSESSION_MANAGER_BASE_URL=http://127.0.0.1:1\n' >"$work/.env"

free_port() {
	local port=$1
	while (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
	echo "$port"
}

# up PORT: waits until somebody listens.
up() { until (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do sleep 0.05; done; }

hub=$(free_port 23012)
(cd "$work" && PORT=$hub exec ./central-hub >"$work/out" 2>"$work/err") &
pids+=($!)
pid=$!
bare=$(free_port $((hub + 1)))
"$work/baregin" "$bare" &
pids+=($!)
up "$hub"
up "$bare"

echo "requests a second of /health, central-hub and bare Gin in turn:"
rps() { wrk -t2 -c32 -d "${SECONDS_EACH:-5}" "http://127.0.0.1:$1/health" | sed -n 's/^Requests\/sec: *//p'; }
for _ in 1 2 3 4 5; do
	a=$(rps "$hub") b=$(rps "$bare")
	echo "  $a  $b"
	echo "$a" >>"$work/hub"
	echo "$b" >>"$work/bare"
done
median() { sort -n "$1" | sed -n 3p; }
awk -v a="$(median "$work/hub")" -v b="$(median "$work/bare")" 'BEGIN { printf "  medians: %.0f %% of bare Gin\n", 100 * a / b }'

url=http://127.0.0.1:$hub/api/whatsapp/51/qr
echo "$url of an unauthorized customer, 500 a second for ${LOAD:-30s}:"
echo "  $("$work/openloop" -url "$url" -rate 500 -duration "${LOAD:-30s}" -status 403)"
echo "memory after ${MANY:-100000} more of them:"
"$work/openloop" -url "$url" -rate 5000 -duration "$((${MANY:-100000} / 5000))s" -status 403 >/dev/null
echo "  $(awk '/^VmRSS/ { printf "%.1f MiB", $2 / 1024 }' "/proc/$pid/status") resident"

kill "$pid"
echo "exec to ready, on a database that is there:"
(cd "$work" && echo "  $(PORT=$hub "$work/readytime" 11 ./central-hub)")

#!/bin/sh
# The operators' six checks of a running leadmaster-hub, a line each: ✔ passed,
# ✘ failed, – skipped with the reason. Exits 1 if one failed. The last check
# restarts the hub, the fourth saves the list of apps.
#
#   HUB_HOME  folder of the daemon (default ~/.hub)
#   PORT      where the hub listens (default 3012)
#   HUBCTL    hubctl to use (default: bin/hubctl of this checkout, else PATH)
set -u

app=leadmaster-hub
HUB_HOME=${HUB_HOME:-$HOME/.hub}
export HUB_HOME
port=${PORT:-3012}
out_log=$HUB_HOME/logs/$app-out.log
failed=0

pass() { echo "✔ $*"; }
skip() { echo "– $*"; }
fail() {
	echo "✘ $*"
	failed=1
}

hubctl() { "$HUBCTL" "$@"; }

if [ -z "${HUBCTL:-}" ]; then
	HUBCTL=$(cd "$(dirname "$0")/.." && pwd)/bin/hubctl
	[ -x "$HUBCTL" ] || HUBCTL=$(command -v hubctl) || {
		echo "hubctl is neither in bin/ nor in PATH: make build, or set HUBCTL" >&2
		exit 1
	}
fi

check_list() {
	if hubctl list | grep -Eq "│ $app +│.*│ online +│"; then
		pass "1 list: $app is online"
	else
		fail "1 list: $app is not online; hubctl describe $app tells why"
	fi
}

# The line that names the file may say error, as its name does.
check_errors() {
	if ! lines=$(hubctl logs "$app" --err --lines 20 --nostream 2>&1); then
		fail "2 logs: $lines"
		return
	fi
	bad=$(echo "$lines" | grep -Ev '^\[TAILING\]|^/.* last [0-9]+ lines:$' | grep -Ei '❌|panic|error')
	if [ -z "$bad" ]; then
		pass "2 logs: nothing bad in the last 20 lines of stderr"
	else
		fail "2 logs: stderr has $(echo "$bad" | head -n 1)"
	fi
}

check_health() {
	url=http://localhost:$port/health
	body=$(curl -fsS --max-time 10 --noproxy localhost "$url" 2>&1)
	case $body in
	'{"status":"healthy","service":"central-hub"'*) pass "3 health: $url says healthy, central-hub" ;;
	*) fail "3 health: $url: $body" ;;
	esac
}

check_saved() {
	if ! said=$(hubctl save 2>&1); then
		fail "4 save: $said"
	elif grep -Eq "\"name\": ?\"$app\"" "$HUB_HOME/dump.json"; then
		pass "4 save: $HUB_HOME/dump.json has $app"
	else
		fail "4 save: $HUB_HOME/dump.json lacks $app"
	fi
}

check_boot() {
	if ! command -v systemctl >/dev/null; then
		skip "5 boot: skipped, there is no systemctl"
	elif ! systemctl cat hubd >/dev/null 2>&1; then
		skip "5 boot: skipped, the unit hubd is not installed"
	elif state=$(systemctl is-active hubd 2>&1); then
		pass "5 boot: the unit hubd is active"
	else
		fail "5 boot: the unit hubd is $state"
	fi
}

# restarted tells whether what was written behind byte $1 of the log is a whole
# restart, in order.
restarted() {
	tail -c "+$(($1 + 1))" "$out_log" 2>/dev/null | awk '
		/SIGTERM recibido/ { step = 1 }
		/Servidor cerrado correctamente/ && step == 1 { step = 2 }
		/corriendo en/ && step == 2 { step = 3 }
		END { exit step != 3 }'
}

check_restart() {
	before=$(wc -c <"$out_log" 2>/dev/null || echo 0)
	if ! said=$(hubctl restart "$app" 2>&1); then
		fail "6 restart: $said"
		return
	fi
	for _ in $(seq 20); do # two seconds
		restarted "$before" && break
		sleep 0.1
	done
	if restarted "$before"; then
		pass "6 restart: the log shows the signal, the close and the start, in order"
	else
		fail "6 restart: two seconds later $out_log does not show the signal, the close and the start, in order"
	fi
}

# Some of the commands would start a daemon where there is none.
if ! said=$(hubctl describe "$app" 2>&1); then
	fail "1 list: $said"
	for rest in "2 logs" "3 health" "4 save" "5 boot" "6 restart"; do
		skip "$rest: skipped, there is no $app"
	done
	exit 1
fi
check_list
check_errors
check_health
check_saved
check_boot
check_restart
exit "$failed"

#!/bin/bash
# Runs hub in a real systemd: boot, crashes, restart, reload, stop, reboot, power cut,
# trouble at boot. Needs root, namespaces and Debian's mirror: scripts/systemd-lab boots
# a Debian in a sandbox. Exits 1 if a check failed, 77 where it can't be done.
set -euo pipefail
cd "$(dirname "$0")/.."
lab=scripts/systemd-lab
tmp=$(mktemp -d)
dir=$tmp/machine
failed=0

finish() {
	"$lab" clean "$dir" || failed=1
	rm -rf "$tmp"
}
trap finish EXIT

phase() {
	echo "# $*"
	"$lab" exec "$dir" env ROUNDS="${ROUNDS:-10}" bash /root/systemd-inside.sh "$@" || failed=1
}

make --no-print-directory build >/dev/null
"$lab" up "$dir" >/dev/null
for program in hubctl hubd hub-keeper; do
	"$lab" install "$dir" "bin/$program" "/usr/local/bin/$program"
done
"$lab" install "$dir" scripts/systemd-inside.sh /root/systemd-inside.sh

phase startup
phase crashes
phase replaced
phase controllers
phase hangs
phase stops
"$lab" reboot "$dir" >/dev/null
phase booted reboot
"$lab" reboot --hard "$dir" >/dev/null
phase booted "power cut"
phase trouble
"$lab" reboot "$dir" >/dev/null
phase troubled
"$lab" reboot "$dir" >/dev/null
phase damaged
phase unstartup
phase bob
phase lingering
"$lab" reboot "$dir" >/dev/null
phase lingered
exit "$failed"

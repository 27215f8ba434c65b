#!/bin/bash
# Runs hub in a real systemd: boot, crashes, restart, reload, stop, reboot, power cut,
# trouble at boot. Needs root, namespaces and Debian's mirror: scripts/systemd-lab boots
# a Debian in a sandbox. Exits 1 if a check failed, 77 where it can't be done.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/release.sh
lab=scripts/systemd-lab
tmp=$(mktemp -d)
dir=$tmp/machine
failed=0

# shellcheck disable=SC2317 # by the trap
finish() {
	local code=$?
	"$lab" clean "$dir" || code=1
	rm -rf "$tmp"
	exit "$code"
}
trap finish EXIT

phase() {
	echo "# $*"
	"$lab" exec "$dir" env ROUNDS="${ROUNDS:-10}" bash /root/systemd-inside.sh "$@" || failed=1
}

# boot boots again, orderly or, with --hard, as after a power cut.
boot() { "$lab" reboot "$@" "$dir" >/dev/null; }

make --no-print-directory build >/dev/null
"$lab" up "$dir" >/dev/null
for program in hubctl hubd hub-keeper central-hub; do
	"$lab" install "$dir" "bin/$program" "/usr/local/bin/$program"
done
"$lab" install "$dir" scripts/systemd-inside.sh /root/systemd-inside.sh

phase startup
phase crashes
phase replaced
phase controllers
phase hangs
phase stops
boot
phase booted reboot
boot --hard
phase booted "power cut"
phase trouble
boot
phase troubled
boot
phase damaged
phase fill
boot
phase filled
phase sockets
phase unstartup
phase bob
phase lingering
boot
phase lingered
arch=$("$go" env GOARCH)
if [ -e "dist/hubd_${version}_$arch.deb" ]; then
	REVISION=2 scripts/deb.sh bin "$arch" LICENSE "$tmp"
	"$lab" install "$dir" "dist/hubd_${version}_$arch.deb" /root/old.deb
	"$lab" install "$dir" "$tmp/hubd_$version-2_$arch.deb" /root/new.deb
	phase startup
	phase package
else
	echo "not tried: the Debian package; make dist makes it"
fi
exit "$failed"

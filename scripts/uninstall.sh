#!/bin/sh
# Removes what install.sh has put below PREFIX, and the folders that it made if
# nothing else is in them. Homes (~/.hub) and processes stay as they are.
#
#   PREFIX, DESTDIR  as for install.sh
set -eu

root=${DESTDIR:-}${PREFIX:-/usr/local}
list=$root/share/doc/hub/installed

[ -e "$list" ] || {
	echo "nothing is installed: there is no $list"
	exit 0
}
paths=$(mktemp)
trap 'rm -f "$paths"' EXIT
LC_ALL=C sort -r "$list" >"$paths" # what is in a folder comes before it
while IFS= read -r path; do
	case $path in
	/* | *..*)
		echo "$list names $path, which is not below $root" >&2
		exit 1
		;;
	*/) rmdir "$root/${path#./}" 2>/dev/null || true ;;
	*) rm -f "$root/$path" ;;
	esac
done <"$paths"
echo "removed hub from $root"
for exe in /proc/[0-9]*/exe; do
	[ "$(readlink "$exe" 2>/dev/null)" = "$root/bin/hubd (deleted)" ] || continue
	pid=${exe#/proc/}
	echo "a daemon and its apps still run: kill ${pid%/exe} ends them"
done

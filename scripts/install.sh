#!/bin/sh
# Installs what is in bin/, built first if a source is newer, and notes each file
# and each folder that it makes in a list, by which uninstall.sh goes.
#
#   PREFIX   where hub will run (default /usr/local)
#   DESTDIR  put in front of each path, for packages (default: nothing)
set -eu
cd "$(dirname "$0")/.."

PREFIX=${PREFIX:-/usr/local}
case $PREFIX in
/*) ;;
*)
	echo "PREFIX=$PREFIX: want an absolute path" >&2
	exit 1
	;;
esac
root=${DESTDIR:-}$PREFIX
list=share/doc/hub/installed

# fresh tells whether bin/ is what the sources say, so that root need not build.
fresh() {
	for made in bin/hubctl bin/hubd bin/hub-keeper bin/man/man1/hubctl.1; do
		[ -e "$made" ] || return
		[ -z "$(find go.mod go.sum cmd pkg scripts/manpages -newer "$made" -type f ! -name '*_test.go' | head -n 1)" ] || return
	done
}

# folder PATH: makes it and those above it, and notes what it has made.
folder() {
	[ ! -d "$root/$1" ] || return 0
	case $1 in
	*/*) folder "${1%/*}" ;;
	esac
	mkdir -p "$root/$1"
	chmod 755 "$root/$1"
	echo "$1/" >>"$new"
}

# place PATH: a program that runs can't be written to, and a keeper may start hubd
# at any moment, so each file is written beside the old one and takes its place.
place() {
	folder "${1%/*}"
	cp "$tree/$1" "$root/$1.new"
	chmod "$(stat -c %a "$tree/$1")" "$root/$1.new"
	mv -f "$root/$1.new" "$root/$1"
	echo "$1" >>"$new"
}

umask 022
fresh || make --no-print-directory build
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
new=$tree/.new
scripts/tree.sh "$tree" bin "$PREFIX/bin"
[ -d "$root" ] || echo ./ >>"$new"
# Folders of an earlier install stay noted; its files go if they are no more.
if [ -e "$root/$list" ]; then
	grep '/$' "$root/$list" >>"$new" || true
fi
(cd "$tree" && find [!.]* -type f | LC_ALL=C sort) >"$tree/.files"
while IFS= read -r file; do
	place "$file"
done <"$tree/.files"
if [ -e "$root/$list" ]; then
	grep -v '/$' "$root/$list" | while IFS= read -r file; do
		[ "$file" = "$list" ] || grep -qxF "$file" "$new" || rm -f "$root/$file"
	done
fi
echo "$list" >>"$new"
LC_ALL=C sort -u "$new" >"$root/$list.new"
chmod 644 "$root/$list.new"
mv -f "$root/$list.new" "$root/$list"
echo "installed hub $("$tree/bin/hubctl" version) in $root; a daemon that runs becomes it by: $PREFIX/bin/hubctl update"

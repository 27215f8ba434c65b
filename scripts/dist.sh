#!/bin/sh
# Makes what is published of a version, in dist/ (or the folder of the argument):
# tarballs and Debian packages for amd64 and arm64, and SHA256SUMS. The same
# sources and the same Go give the same bytes, wherever they lie.
#
#   SOURCE_DATE_EPOCH  time of all files, in seconds since 1970 (default: that of
#                      the last commit)
set -eu
cd "$(dirname "$0")/.."
. scripts/release.sh

out=${1:-dist}
mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022

# programs ARCH: builds them as make does, but for another machine. The processor
# asked for is the oldest one, whatever the environment says.
programs() {
	GOOS=linux GOARCH=$1 GOAMD64=v1 GOARM64=v8.0 GOFLAGS='' CGO_ENABLED=0 \
		"$go" build -trimpath -buildvcs=false -o "$work/programs-$1/" ./cmd/...
}

# notices: the licences of what is linked, which ask to be passed on.
notices() {
	echo "hub links these, under the licences below."
	"$go" list -deps -f '{{with .Module}}{{if .Version}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' ./cmd/... |
		LC_ALL=C sort -u >"$work/modules"
	echo "Go $("$go" env GOVERSION) $("$go" env GOROOT)" >>"$work/modules"
	while read -r path release dir; do
		printf '\n== %s %s\n\n' "$path" "$release"
		cat "$dir"/LICEN[CS]E* "$dir"/NOTICE* 2>/dev/null || true
	done <"$work/modules"
}

# tarball NAME: packs the folder of that name. There are no folders in it, so that
# unpacking does not change the modes of those that exist.
tarball() {
	(
		cd "$work"
		find "$1" -type f | LC_ALL=C sort >"$work/files"
		tar --create --format=ustar --no-recursion --owner=0 --group=0 --numeric-owner \
			--mtime="@$SOURCE_DATE_EPOCH" --files-from="$work/files" | gzip -n -9 >"$out/$1.tar.gz"
	)
}

make --no-print-directory build >/dev/null # the pages, and a hubctl that runs here
notices >"$work/notices"
for arch in $arches; do
	name=hub_${version}_linux_$arch
	programs "$arch"
	scripts/tree.sh "$work/$name" "$work/programs-$arch" /usr/local/bin
	cp "$work/notices" "$work/$name/share/doc/hub/NOTICES"
	tarball "$name"
	scripts/deb.sh "$work/programs-$arch" "$arch" "$work/notices" "$out"
done
(cd "$out" && sha256sum -- *_"$version"*.tar.gz *_"$version"*.deb >SHA256SUMS)
cat "$out/SHA256SUMS"

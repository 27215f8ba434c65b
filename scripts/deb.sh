#!/bin/sh
# Makes the Debian package of one architecture: deb.sh PROGRAMS ARCH NOTICES OUT.
# The package is called hubd: Debian has a package hub already, another program.
#
#   REVISION  makes VERSION-REVISION of the version
set -eu
cd "$(dirname "$0")/.."
. scripts/release.sh

programs=$1 ARCH=$2 notices=$3 out=$4
VERSION=$version${REVISION:+-$REVISION}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
TREE=$work/usr
export ARCH VERSION TREE
umask 022

scripts/tree.sh "$TREE" "$programs" /usr/bin
mkdir -p "$TREE/share/zsh/vendor-completions"
mv "$TREE/share/zsh/site-functions/_hubctl" "$TREE/share/zsh/vendor-completions/"
rmdir "$TREE/share/zsh/site-functions"
mv "$TREE/share/doc/hub" "$TREE/share/doc/hubd"
doc=$TREE/share/doc/hubd
rm "$doc/LICENSE"
cp scripts/deb/copyright "$doc/copyright"
cp "$notices" "$doc/NOTICES"
mkdir -p "$TREE/share/lintian/overrides"
cp scripts/deb/overrides "$TREE/share/lintian/overrides/hubd"
cat >"$doc/changelog" <<END
hubd ($VERSION) stable; urgency=medium

  * See CHANGELOG.md.

 -- $(sed -n 's/^maintainer: //p' scripts/deb/nfpm.yaml)  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")
END
gzip -n -9 "$doc/changelog" "$TREE"/share/man/man[18]/*
find "$TREE" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
GOFLAGS='' "$go" run "$nfpm" package --config scripts/deb/nfpm.yaml --packager deb \
	--target "$out/hubd_${VERSION}_$ARCH.deb" >/dev/null

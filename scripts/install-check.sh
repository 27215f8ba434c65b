#!/bin/sh
# Runs the commands of docs/install.md as they stand, in a bare Debian 12, and then
# upgrades, removes and purges the package while an app runs. Needs root, what
# make dist has made in dist/, and debootstrap with a mirror of Debian for the first
# time. Exits 75 where it can't be tried.
#
#   ROOT_CACHE  folder that keeps the bare Debian (default ~/.cache/hub/bookworm)
set -eu
cd "$(dirname "$0")/.."
. scripts/release.sh

skip() {
	echo "skipped: $*"
	exit 75
}

[ "$(id -u)" = 0 ] || skip "not root, so there is no other root to try it in"
unshare --mount --pid --fork true 2>/dev/null || skip "this machine gives no namespaces"
base=${ROOT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hub/bookworm}
if [ ! -e "$base/etc/debian_version" ]; then
	command -v debootstrap >/dev/null || skip "debootstrap is missing"
	mkdir -p "${base%/*}"
	rm -rf "$base.new"
	debootstrap --variant=minbase bookworm "$base.new" >"$base.log" 2>&1 || skip "debootstrap failed, see $base.log"
	mv "$base.new" "$base"
fi

root=$(mktemp -d)
trap 'rm -rf --one-file-system "$root"' EXIT
cp -a "$base/." "$root"
mkdir -p "$root/try/hub" "$root/usr/local/go" "$root/root/go/pkg/mod" "$root/root/.cache/go-build"
arch=$("$go" env GOARCH)
cp dist/SHA256SUMS dist/hub_"$version"_linux_"$arch".tar.gz dist/hubd_"$version"_"$arch".deb "$root/try/"
REVISION=2 scripts/deb.sh bin "$arch" LICENSE "$root/try"

# page HEADING: the commands of a chapter of the page, for this machine, and an app
# to run meanwhile.
page() {
	awk -v heading="## $1" '
		/^## / { on = $0 == heading }
		/^```/ { code = on && $0 == "```sh"; next }
		code { print }' docs/install.md |
		sed -e "s/amd64/$arch/g" -e '/^hubctl version$/a hubctl start "exec sleep 1000" --name app'
}

# inside FOLDER: runs a script from stdin in that folder of the other root, which
# has our Go. When it ends, so does all that it has started.
inside() {
	# shellcheck disable=SC2016 # the other shell expands
	unshare --mount --pid --fork --kill-child sh -euc '
		mount --rbind /dev "$1/dev"
		mount -t proc proc "$1/proc"
		mount --bind "$3" "$1/usr/local/go"
		mount --bind "$4" "$1/root/go/pkg/mod"
		mount --bind "$5" "$1/root/.cache/go-build"
		exec chroot "$1" env -i HOME=/root \
			PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/go/bin \
			DEBIAN_FRONTEND=noninteractive sh -euxc "cd $2; $(cat)"' - \
		"$root" "$1" "$("$go" env GOROOT)" "$("$go" env GOMODCACHE)" "$("$go" env GOCACHE)"
}

# files: what is in the root now, folders aside. Debian writes to /var itself, and
# homes are to stay.
files() {
	(cd "$root" && find . -xdev \( -path ./var -o -path ./try -o -path ./root \) -prune -o ! -type d -print | LC_ALL=C sort)
}

# gone WHAT: nothing of it is left.
gone() {
	files | diff "$root/try/files" - || {
		echo "the $1 has left this behind" >&2
		exit 1
	}
}

files >"$root/try/files"
page "From a tarball" | inside /try
gone tarball
page "From the Debian package" | inside /try
gone package

if echo 'apt-get update -qq && apt-get install -qq --no-install-recommends make' | inside /; then
	git ls-files -z | tar --null --create --files-from=- | tar -x --no-same-owner -C "$root/try/hub"
	files >"$root/try/files"
	page "From source" | inside /try/hub
	gone "installation from source"
else
	echo "not tried: from source, since make can't be installed there"
fi

# An app runs on over an upgrade, a removal ends none that was started by hand, and
# a purge that nobody answers keeps the home.
inside /try <<END
dpkg -i hubd_${version}_$arch.deb
hubctl start 'exec sleep 1000' --name app
app=\$(hubctl pid app)
dpkg -i hubd_$version-2_$arch.deb
[ "\$(hubctl pid app)" = "\$app" ]
readlink /proc/\$(cat /root/.hub/hubd.pid)/exe | grep -x /usr/bin/hubd
if hubctl update --from hub_${version}_linux_$arch.tar.gz; then exit 1; fi
dpkg -r hubd
kill -0 \$app
dpkg -P hubd
ls -d /root/.hub
kill \$(cat /root/.hub/hubd.pid)
END
inside /try <<END
dpkg -i hubd_${version}_$arch.deb
dpkg -r hubd
echo yes | DEBIAN_FRONTEND=teletype dpkg -P hubd
[ ! -e /root/.hub ]
tar -xzf hub_${version}_linux_$arch.tar.gz -C /usr/local --strip-components=1
if setpriv --reuid=65534 --clear-groups env HOME=/tmp hubctl update --from hub_${version}_linux_$arch.tar.gz 2>says; then exit 1; fi
grep 'run it as the user who has installed them' says
END
echo "the install page works"

#!/bin/sh
# Names each tool of the arguments that is missing, a line each, and exits 1 if
# one is. Tools: go git make curl gcc.
set -u
cd "$(dirname "$0")/.." || exit 1

missing=0

say() {
	echo "missing: $*" >&2
	missing=1
}

# The go command fetches the version that go.mod asks for where it may; what it
# ends up with is what counts.
check_go() {
	want=$(sed -n 's/^go \([0-9.]*\)$/\1/p' go.mod)
	where="https://go.dev/dl, or apt-get install golang-go where that is recent enough"
	if ! command -v go >/dev/null; then
		say "go $want or later: $where"
	elif ! go list -m >/dev/null 2>&1; then
		say "go $want or later, found $(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null || echo an older one): $where"
	fi
}

# cgo needs the C library's headers too.
check_gcc() {
	if ! command -v gcc >/dev/null; then
		say "gcc (the race detector needs it): apt-get install gcc libc6-dev"
	elif ! echo '#include <stdlib.h>' | gcc -fsyntax-only -x c - 2>/dev/null; then
		say "the C library's headers (the race detector needs them): apt-get install libc6-dev"
	fi
}

for tool in "$@"; do
	case $tool in
	go) check_go ;;
	gcc) check_gcc ;;
	*) command -v "$tool" >/dev/null || say "$tool: apt-get install $tool" ;;
	esac
done
exit "$missing"

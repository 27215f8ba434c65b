#!/bin/sh
# Runs each fuzz target of the module for the given time (10s).
set -eu
cd "$(dirname "$0")/.."

go=${GO:-go}
for package in $("$go" list ./...); do
	for target in $("$go" test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		echo "== $package $target"
		"$go" test -run '^$' -fuzz "^$target\$" -fuzztime "${1:-10s}" "$package"
	done
done

#!/bin/sh
# Lays hub out below a folder, as it is to lie below a prefix: programs, man pages,
# completions, papers and the unit.
#
#   scripts/tree.sh FOLDER PROGRAMS BINDIR
#
# PROGRAMS is the folder of the programs to be packed. BINDIR is where they will be
# when they run, which the unit names. What describes hubctl comes from bin/, which
# runs on this machine.
set -eu
cd "$(dirname "$0")/.."

tree=$1 programs=$2 bindir=$3
hubctl=bin/hubctl

# put MODE FROM TO: TO counts from the prefix.
put() {
	mkdir -p "$tree/$(dirname "$3")"
	cp "$2" "$tree/$3"
	chmod "$1" "$tree/$3"
}

# say MODE TO COMMAND…: what a command prints becomes a file.
say() {
	mkdir -p "$tree/$(dirname "$2")"
	to=$tree/$2 mode=$1
	shift 2
	"$@" >"$to"
	chmod "$mode" "$to"
}

# unit: the unit of the system's service manager. hubctl makes it; for root, whoever
# runs this, with whatever home.
unit() {
	say 644 lib/systemd/system/hubd.service \
		env -u HUB_HOME "$hubctl" startup systemd --print -u root --hp /root --bin-dir "$bindir"
}

umask 022
for program in hubctl hubd hub-keeper; do
	put 755 "$programs/$program" "bin/$program"
done
for page in bin/man/man[18]/*; do
	put 644 "$page" "share/man/${page#bin/man/}"
done
say 644 share/bash-completion/completions/hubctl "$hubctl" completion bash
say 644 share/zsh/site-functions/_hubctl "$hubctl" completion zsh
say 644 share/fish/vendor_completions.d/hubctl.fish "$hubctl" completion fish
for paper in README.md CHANGELOG.md LICENSE; do
	put 644 "$paper" "share/doc/hub/$paper"
done
for paper in docs/*.md docs/*.svg; do
	put 644 "$paper" "share/doc/hub/$paper"
done
unit

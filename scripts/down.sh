#!/bin/sh
# Ends all apps and the daemon of HUB_HOME; nothing to do is no failure.
set -eu
cd "$(dirname "$0")/.."

pidfile="${HUB_HOME:-${HOME:-/etc}/.hub}/hubd.pid"
if [ ! -x bin/hubctl ] && [ -e "$pidfile" ]; then
	make build # somebody removed bin/ under a running daemon
fi
if [ -x bin/hubctl ]; then
	exec bin/hubctl kill
fi
echo "nothing is built and no daemon runs"

#!/bin/sh
# Draws docs/list.svg, the picture of the README, from the coloured output of
# hubctl list over apps in every state. Run it when the table has changed.
set -eu
cd "$(dirname "$0")/.."

HUB_HOME=$(mktemp -d)
PORT=0
export HUB_HOME PORT
trap 'bin/hubctl kill --silent; rm -r "$HUB_HOME"' EXIT

cat >"$HUB_HOME/demo.yaml" <<'END'
apps:
  - name: api
    namespace: shop
    script: sleep 1000; true
    instances: 2
  - name: importer
    script: sleep 0.1; exit 3
    max_restarts: 4
  - name: mailer
    namespace: shop
    script: sleep 1000; true
    wait_ready: true
    listen_timeout: 300ms
  - name: worker
    script: sleep 0.3; exit 1
    min_uptime: 100ms
    restart_delay: 60s
END

make --no-print-directory build
bin/hubctl start ecosystem.yaml --silent
bin/hubctl start "$HUB_HOME/demo.yaml" --silent 2>/dev/null || true # some are meant to fail
for _ in $(seq 100); do
	table=$(bin/hubctl list)
	case $table in *errored*"not ready"*"waiting restart"*) break ;; esac
	sleep 0.1
done
sleep 5 # for an uptime and figures to look at
script -qec 'stty cols 130; bin/hubctl list' /dev/null |
	go run ./tests/docs/picture '$ hubctl list' >docs/list.svg.new
mv docs/list.svg.new docs/list.svg

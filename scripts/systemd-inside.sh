#!/bin/bash
# What scripts/systemd-check.sh runs in a machine with a real systemd, a phase at a
# time: systemd-inside.sh PHASE. Prints a line a check; exits 1 if one failed.
# shellcheck disable=SC2317 # phases are called by name, conditions by within
set -u
cd /root || exit 1
failed=0

# ---- checks

# check WHAT WANT GOT: GOT must match the pattern WANT.
check() {
	# shellcheck disable=SC2053
	if [[ $3 == $2 ]]; then
		echo "ok    $1"
	else
		echo "FAIL  $1: want $2, got $3"
		failed=1
	fi
}

# within SECONDS CMD...: CMD becomes true.
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.02
	done
}

# becomes WHAT SECONDS CMD...
becomes() {
	local what=$1 seconds=$2
	shift 2
	if within "$seconds" "$@"; then
		echo "ok    $what"
	else
		echo "FAIL  $what: not within $seconds s"
		failed=1
	fi
}

# ---- what there is

unit=hubd
home=/root/.hub
manager=(systemctl)
export HUB_HOME=$home

prop() { "${manager[@]}" show -P "$1" "$unit"; }
state() { "${manager[@]}" is-active "$unit"; }
main() { prop MainPID; }
daemon() { cat "$home/hubd.pid" 2>/dev/null; }
keeper() { ps -o ppid= -p "$(daemon)" 2>/dev/null | tr -d ' '; }
comm() { cat "/proc/$1/comm" 2>/dev/null; }
apps() { hubctl list -m | awk '/^\+---/ { name = $2 } /^pid :/ { print name, $3 }' | sort | tr '\n' ' '; }
status() { hubctl jlist | grep -o '"name":"'"$1"'"[^}]*"status":"[a-z ]*"' | grep -o '"status":.*' | cut -d'"' -f4 | head -n1; }
is() { [[ $(status "$1") == "$2" ]]; }
pid_of() { hubctl pid "$1"; }
group_of() { sed -n 's/^0:://p' "/proc/$1/cgroup"; }

# settled: a daemon answers, its keeper is the unit's main process, and the file names
# the daemon.
settled() {
	local k d
	d=$(daemon) && k=$(keeper) && [[ $d && $k ]] || return 1
	[[ $(comm "$d") == hubd && $(comm "$k") == hub-keeper && $(state) == active ]] &&
		[[ $(main) == "$k" && $(cat "$(prop PIDFile)" 2>/dev/null) == "$d" ]]
}

# same WHAT PIDS: the unit is settled, and the apps are the ones that there were.
same() {
	becomes "$1: the keeper is the main process, the daemon the next" 20 settled
	check "$1: the same processes" "$2" "$(apps)"
}

# unbroken FILE: numbered lines, none missing, none twice.
unbroken() {
	awk '{ n = $NF } NR > 1 && n != last + 1 { bad = bad " " last "->" n } { last = n } END { print (NR > 10 ? "whole" bad : "only " NR " lines") }' "$1"
}

write_apps() {
	mkdir -p /opt/tools/bin
	ln -sf /bin/bash /opt/tools/bin/interp
	cat >counter.sh <<-'APP'
		trap 'echo "$n" >/root/graceful; exit 0' INT
		n=0
		while :; do echo "$((++n))"; sleep 0.02; done
	APP
	cat >coder.sh <<-'APP'
		until [ -e /root/code ]; do sleep 0.02; done
		rm /root/code
		exit 7
	APP
	cat >interp.sh <<-'APP'
		echo "$SECRET" >/root/secret
		exec sleep 1000000
	APP
	cat >apps.yaml <<-'APPS'
		apps:
		  - name: counter
		    script: counter.sh
		    interpreter: bash
		    kill_timeout: 5s
		  - name: worker
		    script: /bin/sleep
		    args: "1000000"
		    instances: 2
		  - name: coder
		    script: coder.sh
		    interpreter: bash
		    stop_exit_codes: [7]
		  - name: interp
		    script: interp.sh
		    interpreter: interp
	APPS
}

# ---- phases: the machine's systemd, as root

startup() {
	write_apps
	PATH=/opt/tools/bin:$PATH SECRET=s3cret hubctl start apps.yaml >/dev/null
	hubctl save >/dev/null
	hubctl start /bin/sleep --name unsaved -- 1000000 >/dev/null
	local before out
	before=$(apps)
	check "six apps run" "coder * counter * interp * unsaved * worker * worker * " "$before"
	out=$(hubctl startup 2>&1)
	check "startup, exit code" 0 $?
	check "it says what it did" "*Wrote /etc/systemd/system/hubd.service*systemctl enable*systemctl start*" "$out"
	check "and names no app that stayed outside" "" "$(grep 'may end with it' <<<"$out")"
	check "active without a reboot" active "$(state)"
	check "enabled" enabled "$(systemctl is-enabled hubd)"
	same "startup" "$before"
	check "daemon in the unit" "/system.slice/hubd.service*" "$(group_of "$(daemon)")"
	check "an app in a group of its own below the unit's" "/system.slice/hubd.service/hub-*/*" "$(group_of "$(pid_of counter)")"
	check "status line" "6 of 6 online" "$(prop StatusText)"
	check "startup once more" 0 "$(hubctl startup >/dev/null 2>&1; echo $?)"
	same "startup once more" "$before"
	check "systemd-analyze verify" "" "$(systemd-analyze verify /etc/systemd/system/hubd.service 2>&1)"
	echo "      systemd-analyze security: $(systemd-analyze security hubd 2>/dev/null | tail -n1)"
	hubctl delete unsaved >/dev/null
	touch code
	becomes "an app that was taken in ends with its exact exit code" 5 is coder stopped
	check "which is in describe" "*7*" "$(hubctl describe coder | grep -i 'exit')"
	hubctl start coder >/dev/null
}

# crashes kills the daemon, the keeper and both, over and over.
crashes() {
	local before n
	before=$(apps)
	for ((n = 0; n < ${ROUNDS:-10}; n++)); do
		kill -9 "$(daemon)"
		within 20 settled || break
	done
	same "kill -9 of the daemon, $n times" "$before"
	for ((n = 0; n < ${ROUNDS:-10}; n++)); do
		kill -9 "$(main)"
		within 20 settled || break
	done
	same "kill -9 of the keeper, $n times" "$before"
	check "no restart of the unit" 0 "$(prop NRestarts)"
	for ((n = 0; n < 3; n++)); do
		kill -9 "$(daemon)" "$(main)"
		within 20 settled || break
	done
	same "kill -9 of both, $n times" "$before"
	check "each of which is a restart of the unit" "[123]" "$(prop NRestarts)"
	check "no line is lost, none comes twice" whole "$(unbroken "$home/logs/counter-out.log")"
}

# replaced: everything that leaves the apps running.
replaced() {
	local before n
	before=$(apps)
	for n in 1 2 3; do
		systemctl reload hubd
		check "reload $n" 0 $?
		same "reload $n" "$before"
		systemctl restart hubd
		check "restart $n" 0 $?
		same "restart $n" "$before"
	done
	cp /usr/local/bin/hubd /usr/local/bin/hubd.new && mv /usr/local/bin/hubd.new /usr/local/bin/hubd
	cp /usr/local/bin/hub-keeper /usr/local/bin/hub-keeper.new && mv /usr/local/bin/hub-keeper.new /usr/local/bin/hub-keeper
	systemctl reload hubd
	same "reload with new programs" "$before"
	check "it is the new hubd that runs" /usr/local/bin/hubd "$(readlink "/proc/$(daemon)/exe")"
	systemctl restart hubd
	same "restart with new programs" "$before"
	check "and the new keeper" /usr/local/bin/hub-keeper "$(readlink "/proc/$(keeper)/exe")"
	hubctl kill --keep-apps >/dev/null 2>&1
	check "kill --keep-apps ends the unit" inactive "$(state)"
	check "and no app" "$(awk '{ print $2 }' <<<"$before")" "$(pgrep -f coder.sh)"
	hubctl list >/dev/null 2>&1
	check "the next command has systemd start the daemon" active "$(state)"
	same "the next command" "$before"
	systemctl daemon-reexec
	kill -9 "$(main)"
	same "systemd's own re-execution, and kill -9 of the keeper" "$before"
	check "no line is lost, none comes twice" whole "$(unbroken "$home/logs/counter-out.log")"
}

# controllers: a limit for each app needs one enabled below the unit. Systemd can go on
# with its unit then only where daemon and keeper are in a group of their own.
controllers() {
	local before group=/sys/fs/cgroup/system.slice/hubd.service controller
	controller=$(cut -d' ' -f1 <"$group/cgroup.controllers")
	if [[ $(prop DelegateSubgroup) != hub ]]; then
		check "an older systemd: no controller is enabled below the unit" "" "$(cat "$group/cgroup.subtree_control")"
		return
	fi
	check "the daemon is in the unit's subgroup" "/system.slice/hubd.service/hub" "$(group_of "$(daemon)")"
	check "apps are beside it" "/system.slice/hubd.service/hub-*/*" "$(group_of "$(pid_of counter)")"
	[[ $controller ]] || {
		echo "      no controller can be enabled here"
		return
	}
	before=$(apps)
	echo "+$controller" >"$group/cgroup.subtree_control"
	check "the controller $controller is enabled" "$controller" "$(cat "$group/cgroup.subtree_control")"
	kill -9 "$(daemon)" "$(main)"
	same "kill -9 of both with a controller enabled" "$before"
	systemctl restart hubd
	same "restart with a controller enabled" "$before"
	systemctl reload hubd
	same "reload with a controller enabled" "$before"
	echo "-$controller" >"$group/cgroup.subtree_control"
}

# hangs: a keeper that stands still is systemd's to notice.
hangs() {
	local before
	mkdir -p /run/systemd/system/hubd.service.d
	printf '[Service]\nWatchdogSec=2\nTimeoutAbortSec=1\nTimeoutStopSec=2\n' >/run/systemd/system/hubd.service.d/hang.conf
	systemctl daemon-reload
	systemctl restart hubd
	before=$(apps)
	local old
	old=$(main)
	kill -STOP "$old"
	becomes "a keeper that stands still is ended by the watchdog" 30 gone "$old"
	becomes "and has a successor" 60 settled # when systemd has run out of times
	check "the same processes" "$before" "$(apps)"
	rm -r /run/systemd/system/hubd.service.d
	systemctl daemon-reload
	systemctl restart hubd
	check "after the watchdog's own settings are back" "$before" "$(apps)"
}

ended() { ! pgrep -f 'sleep 1000000|counter.sh|coder.sh|hubd|hub-keeper' >/dev/null; }
inactive() { [[ $(state) == inactive || $(state) == failed ]]; }
gone() { [[ ! -d /proc/$1 ]]; }

# stops: what ends the apps, and what starts them again.
stops() {
	local began n
	rm -f graceful
	systemctl stop hubd
	check "stop" "0 inactive success" "$? $(state) $(prop Result)"
	check "apps ended gracefully" "[0-9]*" "$(cat graceful 2>/dev/null)"
	check "nothing is left" "" "$(pgrep -f 'sleep 1000000|counter.sh|coder.sh|hubd|hub-keeper')"
	systemctl start hubd
	becomes "start" 10 settled
	check "what was saved is there" "coder * counter * interp * worker * worker * " "$(apps)"
	hubctl kill >/dev/null 2>&1
	check "hubctl kill" "0 inactive" "$? $(state)"
	check "nothing is left" "" "$(pgrep -f 'sleep 1000000|counter.sh|coder.sh|hubd|hub-keeper')"
	hubctl list >/dev/null 2>&1
	check "another hubctl call has systemd start it" active "$(state)"
	check "with what was saved" "coder * counter * interp * worker * worker * " "$(apps)"

	# A unit that is still starting has no ExecStop=.
	began=$SECONDS
	for n in 0 0.01 0.02 0.03 0.05 0.1; do
		systemctl stop hubd
		systemctl start --no-block hubd
		sleep "$n"
		systemctl stop hubd
		check "stop $n s after the start leaves nothing" "" "$(pgrep -f 'sleep 1000000|counter.sh|coder.sh|hubd|hub-keeper')"
	done
	check "and takes no time" "[0-9]" "$((SECONDS - began))"
	# Nor has one whose restart, or reload, is overtaken by the stop: apps end gracefully
	# all the same, and the next start brings the saved ones.
	for n in 0.02 0.03 0.04 0.05 0.07; do
		for verb in restart reload; do
			systemctl start hubd
			within 10 settled
			rm -f graceful
			systemctl "$verb" hubd >/dev/null 2>&1 &
			sleep "$n"
			systemctl stop hubd
			wait
			becomes "stop $n s after a $verb: everything ends" 10 ended # the daemon looks itself
			check "and apps end gracefully" "[0-9]*" "$(cat graceful 2>/dev/null)"
		done
	done
	systemctl reset-failed hubd 2>/dev/null
	systemctl start hubd
	becomes "start after that" 10 settled
	check "what was saved is there" "coder * counter * interp * worker * worker * " "$(apps)"
	systemctl stop --no-block hubd
	sleep 0.01
	kill -9 "$(keeper)" "$(daemon)" 2>/dev/null
	within 10 inactive
	systemctl start hubd
	becomes "start after a stop over which both have died" 10 settled
	check "what was saved is there" "coder * counter * interp * worker * worker * " "$(apps)"
	systemctl reset-failed hubd 2>/dev/null
	systemctl start hubd
	becomes "start after that" 10 settled

	cat >stubborn.sh <<-'APP'
		trap '' INT
		while :; do sleep 0.1; done
	APP
	hubctl start stubborn.sh --interpreter bash --name stubborn --kill-timeout 6000 >/dev/null
	mkdir -p /run/systemd/system/hubd.service.d
	printf '[Service]\nTimeoutStopSec=2\n' >/run/systemd/system/hubd.service.d/stop.conf
	systemctl daemon-reload
	began=$SECONDS
	systemctl stop hubd
	check "a stop that takes longer than TimeoutStopSec is given the apps' own time" "success inactive" "$(prop Result) $(state)"
	check "which it took" "[6789]" "$((SECONDS - began))"
	systemctl start hubd
	hubctl start stubborn.sh --interpreter bash --name stubborn >/dev/null 2>&1
	kill -STOP "$(daemon)" "$(keeper)"
	systemctl stop hubd
	check "a stop of what stands still" "timeout failed" "$(prop Result) $(state)"
	check "leaves nothing" "" "$(pgrep -f 'sleep 1000000|counter.sh|coder.sh|stubborn.sh|hubd|hub-keeper')"
	rm -r /run/systemd/system/hubd.service.d
	systemctl daemon-reload
	systemctl reset-failed hubd
	systemctl start hubd
	becomes "start after that" 10 settled
	check "what was saved is there" "coder * counter * interp * worker * worker * " "$(apps)"
	rm -f graceful secret
}

booted() {
	becomes "$1: the unit is active" 20 settled
	check "$1: what was saved is there" "coder * counter * interp * worker * worker * " "$(apps)"
	check "$1: an interpreter of the saved PATH, with the saved environment" s3cret "$(cat secret)"
	[[ $1 != reboot ]] || check "$1: apps ended gracefully" "[0-9]*" "$(cat graceful 2>/dev/null)"
	check "$1: status line" "5 of 5 online" "$(prop StatusText)"
	rm -f graceful secret
}

# trouble makes the next boot hard.
trouble() {
	cat >trouble.yaml <<-'APPS'
		apps:
		  - name: good
		    script: /bin/sleep
		    args: "1000000"
		  - name: nointerp
		    script: interp.sh
		    interpreter: interp
		  - name: nocwd
		    script: /bin/sleep
		    args: "1000000"
		    cwd: /mnt/data
	APPS
	mkdir -p /mnt/data
	hubctl delete all >/dev/null
	PATH=/opt/tools/bin:$PATH hubctl start trouble.yaml >/dev/null
	hubctl save >/dev/null
	rm /opt/tools/bin/interp
	rmdir /mnt/data
	printf 'memory_interval: often\n' >"$home/hubd.yaml"
}

troubled() {
	becomes "trouble: the unit is active" 20 settled
	becomes "trouble: the rest starts" 10 is good online
	becomes "trouble: an interpreter that is gone" 10 is nointerp errored
	becomes "trouble: a folder that is not mounted" 10 is nocwd errored
	becomes "trouble: systemctl status names both" 10 names_both
	check "trouble: and hubd.log" "*interp*" "$(grep -i errored "$home/hubd.log" | tail -n 5)"
	check "trouble: hubd.yaml that is wrong" "*hubd.yaml*" "$(grep 'hubd.yaml is wrong' "$home/hubd.log" | tail -n1)"
	rm "$home/hubd.yaml"
	echo '{"version": 1, "apps": [' >"$home/dump.json"
	rm -f "$home/dump.json.bak"
}

names_both() { [[ $(prop StatusText) == *"nocwd"*"nointerp"* ]]; }

damaged() {
	becomes "damaged list: the unit is active" 20 settled
	check "damaged list: systemctl status names it" "*saved list*" "$(prop StatusText)"
	check "damaged list: so does list" "*saved list*" "$(hubctl list 2>&1)"
	check "damaged list: and hubd.log" "*saved list*" "$(tail -n 20 "$home/hubd.log")"
	mkdir -p /opt/tools/bin
	ln -sf /bin/bash /opt/tools/bin/interp
	hubctl delete all >/dev/null 2>&1
	PATH=/opt/tools/bin:$PATH SECRET=s3cret hubctl start apps.yaml >/dev/null
	hubctl save >/dev/null
	check "damaged list: save heals it" "" "$(hubctl list 2>&1 | grep 'saved list')"
	becomes "damaged list: in systemctl status too" 10 says_not "saved list"
}

# fill makes the next boot one with a disk that is full: the home is copied to a small
# one before hubd starts. Another service takes a port.
fill() {
	cat >listen.yaml <<-'APPS'
		- name: taken
		  script: /usr/local/bin/central-hub
		  listen: 127.0.0.1:4100
		  env: &hub {SESSION_SECRET: lab, SESSION_MANAGER_BASE_URL: "http://127.0.0.1:3001"}
		- name: web
		  script: /usr/local/bin/central-hub
		  listen: 4200
		  env: *hub
		  wait_ready: true
		  max_restarts: 3
	APPS
	hubctl start listen.yaml >/dev/null
	hubctl save >/dev/null
	cat >/etc/systemd/system/full.service <<-'UNIT'
		[Unit]
		Before=hubd.service
		[Service]
		Type=oneshot
		RemainAfterExit=yes
		ExecStart=/bin/sh -c 'cp -a /root/.hub /root/saved && rm -r /root/saved/logs && mount -t tmpfs -o size=1m,mode=700 tmpfs /root/.hub && cp -a /root/saved/. /root/.hub && cat /dev/zero >/root/.hub/logs-of-another; true'
		[Install]
		WantedBy=multi-user.target
	UNIT
	cat >/etc/systemd/system/rival.service <<-'UNIT'
		[Unit]
		Before=hubd.service
		[Service]
		Environment=PORT=4100 SESSION_SECRET=lab SESSION_MANAGER_BASE_URL=http://127.0.0.1:3001
		ExecStart=/usr/local/bin/central-hub
		ExecStartPost=/bin/sh -c 'until curl -s -o /dev/null localhost:4100; do sleep 0.05; done'
		[Install]
		WantedBy=multi-user.target
	UNIT
	systemctl enable full rival >/dev/null 2>&1
}

filled() {
	check "full disk: it is" "*100%*" "$(df /root/.hub | tail -n1)"
	becomes "full disk: the unit is active" 20 active
	becomes "full disk: apps start" 10 is worker online
	becomes "full disk: systemctl status says so" 10 says "can't be saved"
	check "full disk: so does list" "*can't be saved*" "$(hubctl list 2>&1)"
	becomes "port in use: the app is errored" 10 is taken errored
	becomes "port in use: systemctl status says so" 10 says "listen 127.0.0.1:4100: address already in use"
	check "port in use: so does describe" "*4100: address already in use*" "$(hubctl describe taken)"
	rm /root/.hub/logs-of-another
	becomes "room again: systemctl status says no more" 10 says_not "can't be saved"
	becomes "room again: a log file is written" 10 test -s /root/.hub/logs/counter-out.log
	hubctl restart taken >/dev/null 2>&1 # hubd.log is on that disk too
	becomes "port in use: hubd.log says so" 10 grep -q "4100: address already in use" /root/.hub/hubd.log
	systemctl stop rival
	check "port free again: a restart" 0 "$(hubctl restart taken >/dev/null 2>&1; echo $?)"
	systemctl disable full rival >/dev/null 2>&1
	hubctl kill >/dev/null 2>&1
	umount /root/.hub
	hubctl list >/dev/null 2>&1
}

active() { [[ $(state) == active ]]; }
says() { [[ $(prop StatusText) == *"$1"* ]]; }
says_not() { ! says "$1"; }

# sockets: nobody is refused, whatever happens to daemon, keeper, unit and app.
sockets() {
	local n before
	becomes "an app behind a socket" 10 is web online
	(while [[ ! -e enough ]]; do curl -s -o /dev/null -m 5 localhost:4200/health || echo failed; done) >curl.out &
	for n in 1 2 3; do
		systemctl restart hubd
		systemctl reload hubd
		kill -9 "$(daemon)"
		within 20 settled
		kill -9 "$(main)"
		within 20 settled
		kill -9 "$(daemon)" "$(main)"
		within 20 settled
		hubctl restart web >/dev/null
		hubctl reload web >/dev/null
	done
	touch enough
	wait
	check "no request has failed meanwhile" "" "$(cat curl.out)"
	hubctl delete web taken >/dev/null
	hubctl save >/dev/null
}

# package: the Debian package in /root, over what was installed by hand.
package() {
	local before
	hubctl unstartup >/dev/null 2>&1
	hubctl kill >/dev/null 2>&1
	rm /usr/local/bin/hub*
	hash -r
	dpkg -i /root/old.deb >/dev/null 2>&1 || {
		apt-get update -qq >/dev/null 2>&1
		apt-get install -y -qq -f >/dev/null 2>&1
	}
	hubctl list >/dev/null 2>&1
	check "the package's unit starts the daemon" active "$(state)"
	check "with what was saved" "coder * counter * interp * worker * worker * " "$(apps)"
	check "systemd-analyze verify of it" "" "$(systemd-analyze verify /usr/lib/systemd/system/hubd.service 2>&1)"
	systemctl enable hubd >/dev/null 2>&1
	hubctl flush >/dev/null 2>&1 # earlier runs
	before=$(apps)
	dpkg -i /root/new.deb >/dev/null 2>&1
	check "upgrade of the package" 0 $?
	same "upgrade" "$before"
	check "it is the new hubd that runs" /usr/bin/hubd "$(readlink "/proc/$(daemon)/exe")"
	check "no line is lost, none comes twice" whole "$(unbroken "$home/logs/counter-out.log")"
	check "startup beside the package's unit" 0 "$(hubctl startup >/dev/null 2>&1; echo $?)"
	same "startup beside the package's unit" "$before"
	check "unstartup leaves the package's" "0 $before" "$(hubctl unstartup >/dev/null 2>&1; echo $?) $(apps)"
	dpkg -r hubd >/dev/null 2>&1
	pkill -x hub-keeper
	within 10 nobody
	check "nothing is left" "" "$(pgrep -f 'sleep 1000000|counter.sh|hubd|hub-keeper')"
}

nobody() { ! pgrep -x 'hubd|hub-keeper' >/dev/null; }

unstartup() {
	local before out
	before=$(apps)
	out=$(hubctl unstartup 2>&1)
	check "unstartup" "0 *Removed /etc/systemd/system/hubd.service*run on*" "$? $out"
	check "the unit is gone" "not-found inactive" "$(prop LoadState) $(prop ActiveState)"
	check "daemon and apps run on" "$before" "$(apps)"
	check "under a daemon of no unit" hubd "$(comm "$(daemon)")"
	kill -9 "$(daemon)" "$(keeper)"
	check "the next command starts one without systemd" "$before" "$(apps)"
	hubctl startup >/dev/null 2>&1
	same "startup again" "$before"
	hubctl kill >/dev/null 2>&1
	hubctl unstartup >/dev/null 2>&1
	check "nothing is left" "" "$(pgrep -f 'sleep 1000000|counter.sh|hubd|hub-keeper')"
}

# ---- phases: a user's daemon

# as_bob runs a command as that user, without root's environment.
as_bob() {
	setpriv --reuid=bob --regid=bob --init-groups env -i -C /home/bob HOME=/home/bob USER=bob PATH="$PATH" \
		XDG_RUNTIME_DIR="/run/user/$(id -u bob)" "$@"
}

# bob_starts starts two apps of bob's, outside of any unit.
bob_starts() {
	id bob >/dev/null 2>&1 || useradd -m bob
	home=/home/bob/.hub
	export HUB_HOME=$home
	as_bob hubctl start /bin/sleep --name one -- 1000000 >/dev/null 2>&1
	as_bob hubctl start /bin/sleep --name two -- 1000000 >/dev/null 2>&1
	as_bob hubctl save >/dev/null
}

# bob has a unit of the machine's systemd, with User=.
bob() {
	local before out line
	unit=hubd-bob
	bob_starts
	before=$(apps)
	out=$(as_bob hubctl startup)
	check "startup as a user, exit code" 1 $?
	line=$(tail -n1 <<<"$out")
	check "it prints the command for root" "sudo /usr/local/bin/hubctl startup systemd -u bob --hp /home/bob" "$line"
	unset HUB_HOME
	${line#sudo } >/dev/null
	check "which works" 0 $?
	export HUB_HOME=$home
	same "startup for a user" "$before"
	check "it runs as that user" bob "$(ps -o user= -p "$(daemon)")"
	check "apps are in its unit" "/system.slice/hubd-bob.service/*hub-*/*" "$(group_of "$(pid_of one)")"
	systemctl restart hubd-bob
	same "restart of a user's unit" "$before"
	systemctl reload hubd-bob
	same "reload of a user's unit" "$before"
	kill -9 "$(daemon)" "$(main)"
	same "kill -9 of both, of a user's unit" "$before"
	as_bob hubctl kill >/dev/null 2>&1
	check "kill by the user ends the unit" "0 inactive" "$? $(state)"
	out=$(as_bob hubctl resurrect 2>&1)
	check "only root starts it again, which the error says" "1 *sudo systemctl start hubd-bob*" "$? $out"
	systemctl start hubd-bob
	check "start" "one * two * " "$(apps)"
	before=$(apps)
	out=$(as_bob hubctl startup --user 2>&1)
	check "no second unit for the same home" "1 *hubd-bob.service starts the daemon of*already*" "$? $out"
	out=$(HUB_HOME=/root/.hub hubctl startup --service-name systemd-logind 2>&1)
	check "nor one with the name of another service" "1 *another service's*" "$? $out"
	ROOT_TOKEN=s3cret hubctl unstartup -u bob >/dev/null 2>&1
	check "nothing of root's environment gets to a user's daemon" "" "$(tr '\0' '\n' <"/proc/$(daemon)/environ" | grep -E 'ROOT_TOKEN|HOME=/root')"
	check "unstartup leaves the apps to a daemon of the user's" "${before}bob" "$(apps)$(ps -o user= -p "$(daemon)")"
	as_bob hubctl kill >/dev/null 2>&1
	check "nothing is left" "" "$(pgrep -u bob 'hub|sleep')"
}

# lingering: bob has a unit of a systemd of bob's own.
lingering() {
	local before out
	bob_starts
	manager=(as_bob systemctl --user)
	loginctl enable-linger bob
	within 20 test -S "/run/user/$(id -u bob)/systemd/private"
	before=$(apps)
	out=$(as_bob hubctl startup --user 2>&1)
	check "startup --user" "0 *active*" "$? $out"
	check "it names the apps that stay outside, and what moves them" "*hubctl restart one two*" "$out"
	same "startup --user" "$before"
	as_bob hubctl restart one two >/dev/null
	check "restart moves them" "/user.slice/*/hubd.service/*hub-*/*" "$(group_of "$(pid_of one)")"
	before=$(apps)
	"${manager[@]}" restart hubd
	same "restart of it" "$before"
	"${manager[@]}" reload hubd
	same "reload of it" "$before"
	kill -9 "$(daemon)" "$(main)"
	same "kill -9 of both, of it" "$before"
	"${manager[@]}" stop hubd
	check "stop" "inactive" "$(state)"
	check "nothing is left" "" "$(pgrep -u bob 'hub|sleep')"
	as_bob hubctl list >/dev/null 2>&1
	check "the user's hubctl has systemd start it" "active one * two * " "$(state) $(apps)"
}

lingered() {
	home=/home/bob/.hub
	export HUB_HOME=$home
	manager=(as_bob systemctl --user)
	becomes "after a reboot it is active, without a login" 30 settled
	check "with what was saved" "one * two * " "$(apps)"
	as_bob hubctl unstartup --user >/dev/null 2>&1
	check "unstartup --user" "0 not-found one * two * " "$? $(prop LoadState) $(apps)"
	as_bob hubctl kill >/dev/null 2>&1
	check "nothing is left" "" "$(pgrep -u bob 'hub|sleep')"
}

began=$SECONDS
"$@"
echo "      $1 took $((SECONDS - began)) s"
exit "$failed"

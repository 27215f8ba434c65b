package pm2compare

// sessions returns commands that are typed one after another, by the name of the
// session. After each jlist the two lists are compared.
func sessions() map[string][]string {
	return map[string][]string{
		"scripts": {
			"start app.js --name api", "jlist",
			"start app.js --name api", "start app.js --name api -f", "jlist",
			"start app.js --name web -i 2", "start app.sh --name pool --instances 2", "jlist",
			"start sleep_1000", "start app.sh -- --port 80", "jlist",
			"start missing.js", "start app.js --interpreter nothing", "start nothing", "start 99",
			"stop api", "jlist", "stop api", "start api", "restart api", "reload api", "jlist",
			"start app.js --name api", "delete api", "stop api", "delete pool web", "jlist",
		},
		"flags": {
			"start app.js --name limits --max-memory-restart 300M --max-restarts 5 --restart-delay 100 --kill-timeout 800 --stop-exit-codes 1 --namespace group",
			"start app.js --name logs --log-date-format YYYY --merge-logs --output out.log --error err.log --log all.log",
			"start app.js --name stamped --time --log-type json",
			"start app.js --name node --node-args --no-warnings --interpreter node --cwd . -- a b",
			"start ready.js --name ready --wait-ready --listen-timeout 5000",
			"start app.sh --name once --no-autorestart --exp-backoff-restart-delay 100 --pid once.pid",
			"start app.sh --name down --no-autostart", "start app.js --name message --shutdown-with-message", "jlist",
			"start down", "stop message", "restart limits --update-env", "start app.js --max-memory-restart 300X", "jlist",
		},
		"files": {
			"start eco.yaml", "jlist", "start eco.yaml", "start eco.yaml --only one --env production", "start eco.yaml --env nothing", "jlist",
			"restart eco.yaml", "reload eco.yaml", "startOrRestart eco.yaml", "startOrReload eco.yaml", "startOrGracefulReload eco.yaml", "jlist",
			"restart group", "stop group", "stop eco.yaml", "jlist", "delete eco.yaml", "jlist",
			"start -", "restart -", "reload -", "stop -", "delete -",
			"start eco.json", "restart one", "restart one --env production", "delete eco.json",
			"start", "start nothing.yaml", "start broken.yaml", "start wrong.yaml", "start missing.yaml", "start empty.yaml",
			"stop nothing.yaml", "delete eco.yaml", "startOrRestart nothing.yaml", "jlist",
		},
		"targets": {
			"start app.sh --name api", "start app.sh --name worker --namespace jobs", "start crash.sh --name crash --max-restarts 2",
			"list", "ls", "l", "ps", "status", "list -m", "list --sort id", "prettylist",
			"describe api", "describe 0", "show api", "info api", "desc nobody", "describe 99",
			"id api", "id nobody", "pid", "pid api", "pid nobody", "env 0", "env 99",
			"stop 0", "start 0", "restart 0", "reload 0", "reset 0", "reset api", "reset nobody", "reset 99", "reset all",
			"stop jobs", "restart jobs", "stop /^ap/", "stop /zzz/", "restart app.sh",
			"stop 99", "restart nobody", "reload nobody", "delete nobody", "stop nobody api", "restart api worker",
			"restart all", "reload all", "stop all", "jlist", "delete all",
			"delete all", "stop all", "restart all", "reload all", "reset all", "list", "jlist", "prettylist", "pid", "describe 0",
		},
		"logs": {
			"start app.sh --name api", "logs --nostream", "logs api --nostream", "logs api --nostream --lines 5 --raw --out", "log api --nostream --err",
			"logs 0 --nostream", "logs nobody --nostream", "flush api", "flush", "flush nobody", "flush 0", "reloadLogs", "report",
		},
		"scale": {
			"start app.sh --name pool -i 1",
			"sendSignal SIGCONT pool", "sendSignal SIGCONT 0", "sendSignal SIGNOPE pool", "sendSignal SIGCONT nobody", "sendSignal SIGCONT 99",
			"send 0 hello", "send 99 hello", "start app.js --name node", "sendSignal SIGWINCH node", "delete node",
			"scale pool 3", "jlist", "scale pool +1", "scale pool 4", "scale pool 1", "jlist", "describe 0", "scale nobody 2", "scale pool",
		},
		"daemon": {
			"ping", "kill", "kill", "resurrect", "save", "jlist",
			"start app.js --name api -i 1", "start app.sh --name down", "stop down", "save", "dump", "kill",
			"resurrect", "jlist", "resurrect", "delete all", "save", "save --force", "resurrect", "jlist",
		},
		"usage": {
			"", "nothing", "list --nothing", "start --nothing", "--nothing",
			"start", "stop", "restart", "reload", "delete", "describe", "scale", "sendSignal", "env", "id", "reset",
			"--version", "-v", "--help", "-h", "help", "start --help", "stop -h",
			"save x", "resurrect x", "kill x", "prettylist x", "list x", "jlist x", "ping x", "completion",
		},
	}
}

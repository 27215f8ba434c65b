package cli

import (
	"strings"

	"github.com/spf13/pflag"

	"github.com/leadmaster/hub/pkg/spec"
)

// flagKind says what a flag of start means for its key.
type flagKind int

const (
	takesText flagKind = iota
	takesList
	switchesOn
	switchesOff
)

// keyFlag is a flag of start that sets a key of the app.
type keyFlag struct {
	name, short string
	key         string
	kind        flagKind
	usage       string // empty: not shown in the help text
}

// keyFlags returns PM2's flags under PM2's names. The last ones belong to
// features that come later: pkg/spec refuses them in a sentence.
func keyFlags() []keyFlag {
	return []keyFlag{
		{"name", "n", "name", takesText, "the app's name"},
		{"namespace", "", "namespace", takesText, "the group of apps that it belongs to"},
		{"instances", "i", "instances", takesText, "number of instances, or max for one per CPU"},
		{"cwd", "", "cwd", takesText, "folder to run in"},
		{"interpreter", "", "exec_interpreter", takesText, "program that runs the script, or none"},
		{"execute-command", "x", "execute_command", switchesOn, "fork mode, which is the only one for now"},
		{"node-args", "", "node_args", takesText, "arguments of the interpreter"},
		{"interpreter-args", "", "node_args", takesText, "the same"},
		{"output", "o", "out_file", takesText, "log file of stdout"},
		{"error", "e", "error_file", takesText, "log file of stderr"},
		{"log", "l", "log_file", takesText, "log file of both"},
		{"log-type", "", "log_type", takesText, "raw, or json for one object a line"},
		{"pid", "p", "pid_file", takesText, "file for the process id"},
		{"merge-logs", "", "merge_logs", switchesOn, "one log file for all instances"},
		{"disable-logs", "", "disable_logs", switchesOn, "write no logs"},
		{"log-date-format", "", "log_date_format", takesText, "time stamp of log lines, such as 'YYYY-MM-DD HH:mm:ss Z'"},
		{"time", "", "time", switchesOn, "time stamps in the standard format"},
		{"max-memory-restart", "", "max_memory_restart", takesText, "restart when it uses more, such as 300M"},
		{"max-restarts", "", "max_restarts", takesText, "unstable exits in a row before it is errored"},
		{"min-uptime", "", "min_uptime", takesText, "an exit before this time is unstable, such as 10s"},
		{"restart-delay", "", "restart_delay", takesText, "wait before a restart"},
		{"exp-backoff-restart-delay", "", "exp_backoff_restart_delay", takesText, "wait that grows with each restart"},
		{"stop-exit-codes", "", "stop_exit_codes", takesList, "exit codes after which it is not restarted"},
		{"no-autorestart", "", "autorestart", switchesOff, "do not restart it when it exits"},
		{"no-autostart", "", "autostart", switchesOff, "put it into the list without starting it"},
		{"kill-timeout", "k", "kill_timeout", takesText, "time between the kill signal and SIGKILL"},
		{"kill-signal", "", "kill_signal", takesText, "signal that asks it to end"},
		{"wait-ready", "", "wait_ready", switchesOn, "it is online only after it says ready"},
		{"listen-timeout", "", "listen_timeout", takesText, "how long to wait for ready"},
		{"on-listen-timeout", "", "on_listen_timeout", takesText, "warn or fail when that has passed"},
		{"shutdown-with-message", "", "shutdown_with_message", switchesOn, "ask it to end by the message shutdown over its IPC channel"},
		{"reload", "", "reload", takesText, "what reload does: restart, or overlap for the next process beside the old one"},
		{"ipc", "", "ipc", switchesOn, "a Node-compatible IPC channel; --ipc=false for none"},
		{"notify", "", "notify", switchesOn, "a socket for sd_notify; --notify=false for none"},
		{"stdin", "", "stdin", takesText, "pipe, or null for /dev/null"},
		{"instance-var", "", "instance_var", takesText, "environment variable with the number of the instance"},

		{"watch", "", "watch", switchesOn, ""},
		{"ignore-watch", "", "ignore_watch", takesText, ""},
		{"watch-delay", "", "watch_delay", takesText, ""},
		{"cron", "c", "cron_restart", takesText, ""},
		{"cron-restart", "", "cron_restart", takesText, ""},
		{"uid", "", "uid", takesText, ""},
		{"user", "u", "uid", takesText, ""},
		{"gid", "", "gid", takesText, ""},
		{"filter-env", "", "filter_env", takesList, ""},
		{"no-treekill", "", "treekill", switchesOff, ""},
	}
}

// addKeyFlags adds the flags that set keys.
func addKeyFlags(flags *pflag.FlagSet) {
	for _, f := range keyFlags() {
		switch f.kind {
		case takesText:
			flags.StringP(f.name, f.short, "", f.usage)
		case takesList:
			flags.StringSliceP(f.name, f.short, nil, f.usage)
		default:
			flags.BoolP(f.name, f.short, false, f.usage)
		}
		flags.Lookup(f.name).Hidden = f.usage == ""
	}
}

// keySettings returns the keys that the given flags set. The namespace is left
// out: it is only a default.
func keySettings(flags *pflag.FlagSet) []spec.Setting {
	var out []spec.Setting
	for _, f := range keyFlags() {
		given := flags.Lookup(f.name)
		if given == nil || !given.Changed || f.key == "namespace" {
			continue
		}
		setting := spec.Setting{Key: f.key, Flag: "--" + f.name}
		switch value := given.Value.String(); f.kind {
		case takesText:
			setting.Value = value
		case takesList:
			setting.Value = listValue(given.Value)
		case switchesOn:
			setting.Value = value == "true"
		case switchesOff:
			setting.Value = value != "true"
		}
		out = append(out, setting)
	}
	return out
}

func listValue(v pflag.Value) []string {
	if s, ok := v.(pflag.SliceValue); ok {
		return s.GetSlice()
	}
	return strings.Split(v.String(), ",")
}

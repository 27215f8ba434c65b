package spec

// The default values of an app (PM2's, but for what hub adds).
const (
	defaultNamespace       = "default"
	defaultMaxRestarts     = 16
	defaultMinUptime       = 1000 // ms
	defaultKillTimeout     = 1600 // ms
	defaultListenTimeout   = 3000 // ms
	defaultKillSignal      = "SIGINT"
	defaultOnListenTimeout = "warn"
	defaultInstanceVar     = "NODE_APP_INSTANCE"
	execModeFork           = "fork"
	timeFormat             = "YYYY-MM-DDTHH:mm:ss" // of time: true
)

const (
	product  = "Belongs to PM2's own product."
	modules  = "Belongs to PM2's modules."
	readBack = "Set by the command that starts the app, not by a file."
)

// keyTable is never changed.
var keyTable = [...]Key{
	// What to run.
	{Name: "script", Aliases: []string{"exec", "cmd", "command"}, Type: typePath, Default: "required", Meaning: "Program, script or command line. Relative to cwd if that is given, else to the file's folder; not found there, it is looked up in PATH. With a space, and no such file, it is run by bash -c."},
	{Name: "name", Type: typeText, Default: "file name of the script without extension", Meaning: "Name of the app; unique within a file."},
	{Name: "namespace", Type: typeText, Default: defaultNamespace, Meaning: "Group that the app belongs to."},
	{Name: "args", Type: typeWords, Meaning: "Arguments of the script. A string is split at white space; quotes group."},
	{Name: "exec_interpreter", Aliases: []string{"interpreter"}, Type: typePath, Default: "by extension", Meaning: "Program that runs the script: a name in PATH, a path, or none to execute the script itself. By extension: .js .mjs .cjs node, .py python or python3, .sh bash, .rb ruby, .php php, .pl perl, .ts .tsx bun, .coffee coffee, .ls lsc; all others none."},
	{Name: "node_args", Aliases: []string{"interpreter_args"}, Type: typeWords, Meaning: "Arguments of the interpreter, before the script."},
	{Name: "cwd", Type: typePath, Default: "the file's folder", Meaning: "Working directory, relative to the file's folder."},
	{Name: "instances", Type: typeInstances, Default: "1", Meaning: "Number of processes; max or 0 is one per CPU, -1 all CPUs but one."},
	{Name: "exec_mode", Type: typeChoice, Choices: []string{"fork", "fork_mode", "cluster", "cluster_mode"}, Default: execModeFork, State: Later, Inactive: []string{"fork", "fork_mode"}, Meaning: "fork runs plain processes; cluster mode comes later."},
	{Name: "execute_command", Type: typeBool, Meaning: "Forces fork mode, which is the only one for now."},
	{Name: "instance_var", Type: typeText, Default: defaultInstanceVar, Meaning: "Environment variable that holds the number of the instance."},
	{Name: "increment_var", Type: typeText, State: Later, Meaning: "Environment variable that goes up by one with each instance."},

	// Environment.
	{Name: "env", Type: typeEnv, Meaning: "Environment variables. Lists and objects become JSON. Sections env_<name> are laid on top with --env <name>."},
	{Name: "port", Type: typeNumber, Max: 65535, Meaning: "Sets PORT in the environment."},
	{Name: "filter_env", Type: typeSwitchList, State: Later, Meaning: "Variables that are not handed on."},
	{Name: "append_env_to_name", Type: typeBool, State: Later, Meaning: "Adds the name of --env to the app's name."},

	// Logs and files.
	{Name: "out_file", Aliases: []string{"out", "output", "out_log"}, Type: typePath, nulls: []string{"NULL"}, Default: "${HUB_HOME}/logs/<name>-out.log", Meaning: "Log of standard output. /dev/null or NULL switches it off."},
	{Name: "error_file", Aliases: []string{"error", "err", "err_file", "err_log"}, Type: typePath, nulls: []string{"NULL"}, Default: "${HUB_HOME}/logs/<name>-error.log", Meaning: "Log of standard error. /dev/null or NULL switches it off."},
	{Name: "log_file", Aliases: []string{"log"}, Type: typeLogFile, nulls: []string{"NULL"}, Meaning: "One log of both streams, besides the other two, in the order in which the lines were read. true is ${HUB_HOME}/logs/<name>.log; false or NULL is none."},
	{Name: "pid_file", Aliases: []string{"pid"}, Type: typePath, Default: "${HUB_HOME}/pids/<name>.pid", Meaning: "File for the process id; the instance's id is put before .pid."},
	{Name: "merge_logs", Aliases: []string{"combine_logs"}, Type: typeBool, Default: "true, but false where instances is given", Meaning: "All instances write to the same files; else the instance's number is put before .log. Only apps that say true may share files with others."},
	{Name: "disable_logs", Type: typeBool, Default: "false", Meaning: "Output is read and dropped."},
	{Name: "log_date_format", Type: typeText, Meaning: "Stamp of each line in moment's tokens, such as YYYY-MM-DD HH:mm:ss Z. Without it lines are written as they come."},
	{Name: "time", Type: typeBool, Default: "false", Meaning: "Sets log_date_format to " + timeFormat + "."},
	{Name: "log_type", Type: typeLogType, Default: "raw", Meaning: "json writes each line as an object: {\"message\", \"timestamp\", \"type\", \"process_id\", \"app_name\"}."},
	{Name: "log_max_size", Type: typeSize, State: Later, Meaning: "Size at which a log is rotated."},
	{Name: "log_max_files", Type: typeNumber, State: Later, Meaning: "Number of rotated logs that are kept."},
	{Name: "log_max_age", Type: typeDuration, State: Later, Meaning: "Age at which rotated logs are removed."},
	{Name: "log_rotate", Type: typeSwitchText, State: Later, Meaning: "Times at which logs are rotated."},
	{Name: "log_compress", Type: typeBool, State: Later, Meaning: "Rotated logs are compressed."},
	{Name: "log_on_full", Type: typeText, State: Later, Meaning: "What to do when the log can't be written."},

	// Restarts.
	{Name: "autostart", Type: typeBool, Default: "true", Meaning: "false registers the app without starting it."},
	{Name: "autorestart", Type: typeBool, Default: "true", Meaning: "Start the app again when it ends."},
	{Name: "stop_exit_codes", Type: typeExitCodes, Meaning: "Exit codes after which the app is not started again."},
	{Name: "max_restarts", Type: typeNumber, Default: "16", Meaning: "Consecutive exits before min_uptime that end in errored. 0: not restarted after such an exit."},
	{Name: "min_uptime", Type: typeDuration, Default: "1s", Meaning: "An exit before it is unstable. 0: every exit is stable."},
	{Name: "restart_delay", Type: typeDuration, Default: "0", Meaning: "Pause before each automatic restart."},
	{Name: "exp_backoff_restart_delay", Type: typeDuration, Default: "0", Meaning: "First pause before an automatic restart; it grows by half each time, up to 15 s."},
	{Name: "max_memory_restart", Type: typeSize, Default: "0 (no limit)", Meaning: "Restart when the memory of the app's process tree exceeds this."},
	{Name: "cron_restart", Aliases: []string{"cron"}, Type: typeNumberText, State: Later, Meaning: "Times at which the app is restarted."},
	{Name: "watch", Type: typeSwitchList, State: Later, Meaning: "Restart when files change."},
	{Name: "ignore_watch", Type: typeWords, State: Later, Meaning: "Paths that watch leaves out."},
	{Name: "watch_delay", Type: typeDuration, State: Later, Meaning: "Pause between a change and the restart."},
	{Name: "watch_options", Type: typeObject, State: Later, Meaning: "Options of PM2's watcher."},

	// Ready and stop.
	{Name: "wait_ready", Type: typeBool, Default: "false", Meaning: "The app is online only after it says ready, over its IPC channel or by sd_notify."},
	{Name: "listen_timeout", Type: typeDuration, Default: "3s", Meaning: "How long to wait for ready."},
	{Name: "on_listen_timeout", Type: typeChoice, Choices: []string{"warn", "fail"}, Default: defaultOnListenTimeout, Meaning: "When listen_timeout passes: warn makes the app online and says so, fail ends it as an unstable exit."},
	{Name: "kill_timeout", Type: typeDuration, Default: "1600ms", Meaning: "Time between kill_signal and SIGKILL. 0: SIGKILL at once."},
	{Name: "kill_signal", Type: typeSignal, Default: defaultKillSignal, Meaning: "Signal that asks the app to end."},
	{Name: "treekill", Type: typeBool, Default: "true", State: Later, Inactive: []string{"true"}, Meaning: "The whole process tree is ended; false comes later."},
	{Name: "shutdown_with_message", Type: typeBool, Default: "false", Meaning: "Ask the app to end by the message \"shutdown\" over its IPC channel instead of kill_signal."},
	{Name: "reload", Type: typeReload, Default: "restart; overlap with listen", Meaning: "What hubctl reload does. restart, off or false: a restart. overlap: the next process is started beside the old one, which is ended when the next is ready, and serves on when that fails."},
	{Name: "listen", Type: typeListen, Meaning: "Sockets that the daemon opens for the app and passes to each of its processes (LISTEN_FDS), and keeps over every change of processes: PORT, 'IP:PORT', '[IPv6]:PORT', unix:PATH, a list of these, or an object of them by name. A bare port is every address, IPv4 and IPv6. A relative PATH counts from cwd."},

	// Wires.
	{Name: "ipc", Type: typeBool, Default: "by interpreter", Meaning: "Node-compatible IPC channel. On for node, bun and the like, for command lines and with wait_ready."},
	{Name: "notify", Type: typeBool, Default: "true with wait_ready", Meaning: "NOTIFY_SOCKET for sd_notify."},
	{Name: "stdin", Type: typeStdin, Default: "pipe", nulls: []string{"null", "Null", "NULL", "~"}, Meaning: "pipe, or null for /dev/null."},

	// Users.
	{Name: "uid", Aliases: []string{"user"}, Type: typeNumberText, State: Later, Inactive: []string{"false"}, Meaning: "User that the app runs as."},
	{Name: "gid", Aliases: []string{"group"}, Type: typeNumberText, State: Later, Inactive: []string{"false"}, Meaning: "Group that the app runs as."},

	// Known, and of no use here.
	{Name: "kill_retry_time", Type: typeDuration, State: NoEffect, Meaning: "hub waits for the exit itself and does not poll."},
	{Name: "force", Type: typeBool, State: NoEffect, Meaning: readBack},
	{Name: "write", Type: typeBool, State: NoEffect, Meaning: readBack},
	{Name: "username", Type: typeText, State: NoEffect, Meaning: "Always the user who gives the command, as in PM2."},
	{Name: "name_prefix", Type: typeText, State: NoEffect, Meaning: "Meant for PM2's library."},
	{Name: "source_map_support", Type: typeBool, State: NoEffect, Meaning: "hub loads nothing into the app; use node_args: --enable-source-maps."},
	{Name: "disable_source_map_support", Type: typeBool, State: NoEffect, Meaning: "hub loads nothing into the app."},
	{Name: "windowsHide", Type: typeBool, State: NoEffect, Meaning: "Concerns Windows only."},
	{Name: "vizion", Type: typeBool, State: NoEffect, Meaning: product},
	{Name: "pmx", Type: typeBool, State: NoEffect, Meaning: product},
	{Name: "automation", Type: typeBool, State: NoEffect, Meaning: product},
	{Name: "trace", Type: typeAny, State: NoEffect, Meaning: product},
	{Name: "disable_trace", Type: typeAny, State: NoEffect, Meaning: product},
	{Name: "v8", Type: typeAny, State: NoEffect, Meaning: product},
	{Name: "event_loop_inspector", Type: typeAny, State: NoEffect, Meaning: product},
	{Name: "deep_monitoring", Type: typeAny, State: NoEffect, Meaning: product},
	{Name: "io", Type: typeAny, State: NoEffect, Meaning: product},
	{Name: "post_update", Type: typeWords, State: NoEffect, Meaning: modules},
	{Name: "install_url", Type: typeText, State: NoEffect, Meaning: modules},
}

package pm2compare

// intention is a reason for what differs: exit codes of commands, or types of
// keys of jlist.
type intention struct {
	why       string
	pm2, hub  string
	keys      []string
	exitCodes []string
}

// differences returns what the reason is for.
func (i *intention) differences() (all []difference) {
	for _, key := range i.keys {
		all = append(all, difference{key, i.pm2, i.hub})
	}
	for _, command := range i.exitCodes {
		all = append(all, difference{exitCodeOf(command), i.pm2, i.hub})
	}
	return all
}

// Reasons for more than one line below.
const (
	constantSchema = "every key is there whether its setting was given or not, also after a resurrect and where nothing runs"
	oneType        = "a key has one type"
	oursOnly       = "PM2 has no such setting"
	otherName      = "it stands under another name already: pm_exec_path, pm_cwd, pm_out_log_path, pm_err_log_path, log_date_format"
	inside         = "PM2's own workings: metrics hook, hosted product, git, versions, pids of the last stop"
)

// intentions returns the intended differences.
func intentions() []intention {
	return []intention{
		{why: "a target that means nothing is a failure, whatever the command", pm2: "0", hub: "1",
			exitCodes: []string{"flush nobody", "logs nobody --nostream", "reset 99", "reset all"}},
		{why: "an argument that a command does not take is a mistake about what it does", pm2: "0", hub: "1",
			exitCodes: []string{"list x", "jlist x", "ping x"}},
		{why: "a start tells when the program dies at once", pm2: "0", hub: "1",
			exitCodes: []string{"start crash.sh --name crash --max-restarts 2"}},
		{why: "without a saved list nothing was resurrected", pm2: "0", hub: "1", exitCodes: []string{"resurrect"}},
		{why: "completion asks for which shell", pm2: "0", hub: "1", exitCodes: []string{"completion"}},
		{why: "help is a command", pm2: "1", hub: "0", exitCodes: []string{"help"}},
		{why: "an app remembers its file, so --env needs none", pm2: "1", hub: "0",
			exitCodes: []string{"restart one --env production"}},
		{why: "every command with targets takes a file, so each takes one on standard input", pm2: "1", hub: "0",
			exitCodes: []string{"reload -"}},
		{why: "scale ends the instances with the highest numbers, PM2 those with the lowest", pm2: "1", hub: "0",
			exitCodes: []string{"describe 0"}},

		{why: constantSchema, pm2: none, hub: "number", keys: []string{
			"pid", "pm2_env.instances", "pm2_env.prev_restart_delay", "pm2_env.kill_timeout", "pm2_env.listen_timeout",
			"pm2_env.max_memory_restart", "pm2_env.max_restarts", "pm2_env.min_uptime", "pm2_env.restart_delay",
			"pm2_env.exp_backoff_restart_delay",
		}},
		{why: constantSchema, pm2: none, hub: "boolean", keys: []string{
			"pm2_env.watch", "pm2_env.merge_logs", "pm2_env.disable_logs", "pm2_env.wait_ready", "pm2_env.shutdown_with_message",
		}},
		{why: constantSchema, pm2: none, hub: "string", keys: []string{"pm2_env.log_date_format", "pm2_env.log_type", "pm2_env.version"}},
		{why: constantSchema, pm2: none, hub: "array", keys: []string{"pm2_env.args", "pm2_env.filter_env", "pm2_env.stop_exit_codes"}},
		{why: oneType, pm2: "number", hub: "array", keys: []string{"pm2_env.stop_exit_codes"}},
		{why: oneType, pm2: "null", hub: "number", keys: []string{"pm2_env.created_at"}},
		{why: oursOnly, pm2: none, hub: "boolean", keys: []string{"pm2_env.ipc", "pm2_env.notify"}},
		{why: oursOnly, pm2: none, hub: "array", keys: []string{"pm2_env.listen"}},
		{why: oursOnly, pm2: none, hub: "string", keys: []string{"pm2_env.kill_signal", "pm2_env.on_listen_timeout", "pm2_env.reload"}},
		{why: "the saved list holds nothing of a run", pm2: "number", hub: none, keys: []string{"pm2_env.exit_code"}},
		{why: "variables may be secrets", pm2: "object", hub: none, keys: []string{"pm2_env.env_production"}},
		{why: otherName, pm2: "string", hub: none, keys: []string{"pm2_env.script", "pm2_env.cwd", "pm2_env.out_file", "pm2_env.error_file"}},
		{why: otherName, pm2: "boolean", hub: none, keys: []string{"pm2_env.time"}},
		{why: "a flag of one command is no setting of the app", pm2: "boolean", hub: none, keys: []string{"pm2_env.force"}},
		{why: inside, pm2: "object", hub: none, keys: []string{"pm2_env.axm_monitor", "pm2_env.axm_options", "pm2_env.axm_dynamic"}},
		{why: inside, pm2: "array", hub: none, keys: []string{"pm2_env.axm_actions", "pm2_env._tree_pids"}},
		{why: inside, pm2: "boolean", hub: none, keys: []string{"pm2_env.km_link", "pm2_env.vizion_running"}},
		{why: inside, pm2: "string", hub: none, keys: []string{"pm2_env.node_version", "pm2_env._pm2_version"}},
	}
}

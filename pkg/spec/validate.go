package spec

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// Validate is a second look at a Spec that came over the control API or from
// disk, by someone who did not resolve it. It touches no file. The error joins
// everything that is wrong, each naming its key.
func (s *Spec) Validate() error {
	var errs []error
	wrong := func(key string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", key, err))
		}
	}
	wrong("name", checkName(s.Name))
	wrong("namespace", checkName(s.Namespace))
	wrong("script", s.validScript())
	wrong("cwd", absolutePath(s.Cwd))
	wrong("out_file", absolutePath(s.OutFile))
	wrong("error_file", absolutePath(s.ErrorFile))
	if s.LogFile != "" {
		wrong("log_file", absolutePath(s.LogFile))
	}
	if s.LogType != "" {
		wrong("log_type", oneOf(s.LogType, LogTypeJSON))
	}
	wrong("pid_file", absolutePath(s.PidFile))
	wrong("exec_interpreter", s.validInterpreter())
	wrong("args", allText(s.Args...))
	wrong("node_args", allText(s.InterpreterArgs...))
	wrong("log_date_format", allText(s.LogDateFormat))
	wrong("instance_var", checkVariable(s.InstanceVar, ""))
	for _, name := range slices.Sorted(maps.Keys(s.Env)) {
		wrong("env", checkVariable(name, s.Env[name]))
	}
	wrong("exec_mode", oneOf(s.ExecMode, execModeFork))
	wrong("on_listen_timeout", oneOf(s.OnListenTimeout, "warn", "fail"))
	if s.Reload != "" {
		wrong("reload", oneOf(s.Reload, ReloadOverlap))
	}
	wrong("listen", s.validListen())
	if s.ShutdownWithMessage && !s.IPC {
		wrong("shutdown_with_message", errors.New("found true with ipc: false; want ipc: true"))
	}
	wrong("instances", inRange(int64(s.Instances), 1, MaxInstances))
	wrong("max_restarts", inRange(int64(s.MaxRestarts), 0, maxNumber))
	for _, code := range s.StopExitCodes {
		wrong("stop_exit_codes", inRange(int64(code), 0, 255))
	}
	wrong("max_memory_restart", notNegative(int64(s.MaxMemory)))
	wrong("min_uptime", notNegative(int64(s.MinUptime)))
	wrong("restart_delay", notNegative(int64(s.RestartDelay)))
	wrong("exp_backoff_restart_delay", notNegative(int64(s.ExpBackoff)))
	wrong("kill_timeout", notNegative(int64(s.KillTimeout)))
	wrong("listen_timeout", notNegative(int64(s.ListenTimeout)))
	if s.KillSignal.Number() == 0 {
		wrong("kill_signal", fmt.Errorf("found %s; want %s", quoted(string(s.KillSignal)), wantSignal))
	}
	return errors.Join(errs...)
}

func (s *Spec) validScript() error {
	switch {
	case s.Script == "":
		return errors.New("is missing; want the program to run")
	case s.Shell:
		return allText(s.Script)
	}
	return absolutePath(s.Script)
}

func (s *Spec) validInterpreter() error {
	switch {
	case s.Interpreter == "":
		return errors.New("is missing; want a program or none")
	case s.Shell && s.Interpreter != none:
		return fmt.Errorf("found %s beside a command line; want none", quoted(s.Interpreter))
	case strings.ContainsRune(s.Interpreter, '/'):
		return absolutePath(s.Interpreter)
	}
	return allText(s.Interpreter)
}

func absolutePath(path string) error {
	if !filepath.IsAbs(path) || filepath.Clean(path) != path {
		return fmt.Errorf("found %s; want an absolute, clean path", quoted(path))
	}
	return allText(path)
}

// isText reports whether a string can go through execve(2), which ends strings
// with NUL, and through JSON, which holds text.
func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

func allText(words ...string) error {
	for _, word := range words {
		if !isText(word) {
			return fmt.Errorf("found %s; want UTF-8 text without NUL bytes", quoted(word))
		}
	}
	return nil
}

func oneOf(word string, choices ...string) error {
	if slices.Contains(choices, word) {
		return nil
	}
	return fmt.Errorf("found %s; want %s", quoted(word), strings.Join(choices, " or "))
}

func inRange(n, least, most int64) error {
	if n < least || n > most {
		return fmt.Errorf("found %d; want %d to %d", n, least, most)
	}
	return nil
}

func notNegative(n int64) error {
	if n < 0 {
		return fmt.Errorf("found %d; want 0 or more", n)
	}
	return nil
}

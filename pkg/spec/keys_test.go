package spec

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestEverySpelling gives each key a good value under each of its names, and
// sees that it arrives, is refused as a later feature, or is warned about.
func TestEverySpelling(t *testing.T) {
	t.Parallel()
	samples := map[string]string{
		"script": "app.js", "args": "a b", "node_args": "a b", "env": "{A: 1}", "instances": "2", "stop_exit_codes": "[1, 2]",
		"kill_signal": "SIGTERM", "stdin": "null", "exec_mode": "cluster", "on_listen_timeout": "fail", "log_type": "json",
		"treekill": "false", "reload": "overlap", "watch_options": "{a: 1}", "exec_interpreter": "none",
	}
	byType := map[string]string{
		"string": "word", "path": "word", "boolean": "true", "number": "7", "time": "7s", "size": "7M", "object": "{a: 1}",
		"list or string": "a", "boolean or string": "true", "boolean or path": "true", "boolean, list or string": "true", "string or number": "7",
		"port, address, list or object": "7", "any": "true",
	}
	for _, key := range Keys() {
		sample, ok := samples[key.Name]
		if !ok {
			sample = byType[key.Type.String()]
		}
		if sample == "" {
			t.Errorf("no sample for %s of type %s", key.Name, key.Type)
		}
		for _, name := range key.Spellings() {
			text := fmt.Sprintf("%s: %s\n", name, sample)
			if key.Name != "script" {
				text += "script: app.js\n"
			}
			file, err := Parse("x.yaml", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if err := file.Strict(); err != nil {
				t.Errorf("%s is unknown: %v", name, err)
			}
			checkState(t, file, &key, name)
		}
	}
}

func checkState(t *testing.T, file *File, key *Key, name string) {
	t.Helper()
	r := &file.report
	switch key.State {
	case Works:
		if len(r.problems)+len(r.warnings) > 0 || !file.Apps[0].has(key.Name) {
			t.Errorf("%s does not arrive: %v %v", name, r.problems, r.warnings)
		}
	case Later:
		if len(r.problems) != 1 || r.problems[0].Key != name || !strings.Contains(r.problems[0].Message, "later release") {
			t.Errorf("%s is not refused as a later feature: %v", name, r.problems)
		}
	case NoEffect:
		if len(r.problems) != 0 || len(r.warnings) != 1 || r.warnings[0].Key != name {
			t.Errorf("%s is not a warning: %v, %v", name, r.problems, r.warnings)
		}
	}
}

func TestSpellingsAreUnique(t *testing.T) {
	t.Parallel()
	owner := map[string]string{}
	for _, key := range Keys() {
		if key.Meaning == "" {
			t.Errorf("%s has no meaning", key.Name)
		}
		for _, name := range key.Spellings() {
			if owner[name] != "" {
				t.Errorf("%s belongs to %s and %s", name, owner[name], key.Name)
			}
			owner[name] = key.Name
		}
	}
	for name := range hints {
		if owner[name] != "" {
			t.Errorf("the hint for %s is never seen", name)
		}
	}
}

func TestInactiveValuesPass(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node")
	for _, line := range []string{
		"watch: false", "watch: []", "watch: null", `watch: ""`, "cron_restart: 0", "cron: false", "cron_restart: ''", "exec_mode: fork", "exec_mode: fork_mode",
		"log_file: false", "log_type: raw", "filter_env: []", "filter_env: false", "increment_var: ''", "append_env_to_name: false", "treekill: true",
		"shutdown_with_message: false", "reload: ''", "listen: []", "log_max_size: 0", "log_max_files: 0", "uid: null", "user: ''", "watch_options: {}",
		"ignore_watch: []", "watch_delay: 0", "max_restarts:", "name: null", "exec_interpreter: ''",
	} {
		if _, warnings, err := f.resolve("x.yaml", "script: app.js\n"+line); err != nil || len(warnings) > 0 {
			t.Errorf("%s: %v %v", line, err, warnings)
		}
	}
}

// TestValues: each line of a file and the field of the Spec that it sets.
func TestValues(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node", "python", "bash")
	for _, c := range []struct {
		line  string
		field func(*Spec) any
		want  any
	}{
		{"max_restarts: 0", func(s *Spec) any { return s.MaxRestarts }, 0},
		{"maxRestarts: '10'", func(s *Spec) any { return s.MaxRestarts }, 10},
		{"max_restarts: 1e2", func(s *Spec) any { return s.MaxRestarts }, 100},
		{"kill_timeout: 0", func(s *Spec) any { return s.KillTimeout.Std() }, time.Duration(0)},
		{"kill_timeout: 5s", func(s *Spec) any { return s.KillTimeout.Std() }, 5 * time.Second},
		{"min_uptime: 0", func(s *Spec) any { return s.MinUptime.Std() }, time.Duration(0)},
		{"min_uptime: '10'", func(s *Spec) any { return s.MinUptime.Std() }, 10 * time.Millisecond},
		{"restart_delay: 1.5s", func(s *Spec) any { return s.RestartDelay.Std() }, 1500 * time.Millisecond},
		{"exp_backoff_restart_delay: 100", func(s *Spec) any { return s.ExpBackoff.Std() }, 100 * time.Millisecond},
		{"listen_timeout: 2m", func(s *Spec) any { return s.ListenTimeout.Std() }, 2 * time.Minute},
		{"max_memory_restart: 1.5G", func(s *Spec) any { return s.MaxMemory }, Size(3 << 29)},
		{"maxMemoryRestart: 1024", func(s *Spec) any { return s.MaxMemory }, Size(1024)},
		{"merge_logs: false", func(s *Spec) any { return s.MergeLogs }, false},
		{"merge_logs: false\ncombine_logs: true", func(s *Spec) any { return s.MergeLogs }, false},
		{"instances: 1", func(s *Spec) any { return s.MergeLogs }, false},
		{"instances: 1\nmerge_logs: true", func(s *Spec) any { return s.MergeLogs }, true},
		{"instances: max", func(s *Spec) any { return s.Instances }, 4},
		{"instances: 0", func(s *Spec) any { return s.Instances }, 4},
		{"instances: -1", func(s *Spec) any { return s.Instances }, 3},
		{"instances: -100", func(s *Spec) any { return s.Instances }, 1},
		{"instances: '3'", func(s *Spec) any { return s.Instances }, 3},
		{"instances: 2", func(s *Spec) any { return s.ExecMode }, "fork"},
		{"autorestart: false", func(s *Spec) any { return s.Autorestart }, false},
		{"autostart: false", func(s *Spec) any { return s.Autostart }, false},
		{"stop_exit_codes: 0", func(s *Spec) any { return s.StopExitCodes }, []int{0}},
		{"stop_exit_codes: [0, '143']", func(s *Spec) any { return s.StopExitCodes }, []int{0, 143}},
		{"kill_signal: TERM", func(s *Spec) any { return s.KillSignal }, Signal("SIGTERM")},
		{"kill_signal: 15", func(s *Spec) any { return s.KillSignal }, Signal("SIGTERM")},
		{"time: true\nlog_date_format: YYYY", func(s *Spec) any { return s.LogDateFormat }, "YYYY-MM-DDTHH:mm:ss"},
		{"log_date_format: YYYY-MM-DD HH:mm:ss Z", func(s *Spec) any { return s.LogDateFormat }, "YYYY-MM-DD HH:mm:ss Z"},
		{"args: a 'b c' --x='y z'", func(s *Spec) any { return s.Args }, []string{"a", "b c", "--x='y z'"}},
		{"args: [--port, 3000, true, 'a b']", func(s *Spec) any { return s.Args }, []string{"--port", "3000", "true", "a b"}},
		{"args: 3000", func(s *Spec) any { return s.Args }, []string{"3000"}},
		{"interpreterArgs: --inspect", func(s *Spec) any { return s.InterpreterArgs }, []string{"--inspect"}},
		{"stdin: null", func(s *Spec) any { return s.NullStdin }, true},
		{"stdin: 'null'", func(s *Spec) any { return s.NullStdin }, true},
		{"stdin:", func(s *Spec) any { return s.NullStdin }, false},
		{"stdin: pipe", func(s *Spec) any { return s.NullStdin }, false},
		{"namespace: web", func(s *Spec) any { return s.Namespace }, "web"},
		{"port: 3000", func(s *Spec) any { return s.Env["PORT"] }, "3000"},
		{"on_listen_timeout: fail", func(s *Spec) any { return s.OnListenTimeout }, "fail"},
		{"disable_logs: true", func(s *Spec) any { return s.DisableLogs }, true},
		{"instance_var: N", func(s *Spec) any { return s.InstanceVar }, "N"},
		{"ipc: false", func(s *Spec) any { return s.IPC }, false},
		{"wait_ready: true", func(s *Spec) any { return s.Notify }, true},
		{"notify: true", func(s *Spec) any { return s.Notify }, true},
		{"wait_ready: true\nnotify: false", func(s *Spec) any { return s.Notify }, false},
	} {
		s := f.one("script: app.js\n" + c.line)
		if got := c.field(&s); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %#v, want %#v", c.line, got, c.want)
		}
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node")
	f.file("package.json", `{"version": "1.2.3"}`)
	want := Spec{
		Name: "app", Namespace: "default", File: f.path("ecosystem.yaml"), Username: "ops", Version: "1.2.3",
		Script: f.path("app.js"), Interpreter: "node", Cwd: f.dir, Instances: 1, ExecMode: "fork", InstanceVar: "NODE_APP_INSTANCE",
		Env:     map[string]string{},
		OutFile: f.path("hub/logs/app-out.log"), ErrorFile: f.path("hub/logs/app-error.log"), PidFile: f.path("hub/pids/app.pid"),
		MergeLogs: true, Autostart: true, Autorestart: true, MaxRestarts: 16, MinUptime: Duration(time.Second),
		KillTimeout: Duration(1600 * time.Millisecond), KillSignal: "SIGINT", ListenTimeout: Duration(3 * time.Second), OnListenTimeout: "warn", IPC: true,
	}
	if got := f.one("script: app.js"); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestSplitWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                  nil,
		"  a\tb\n c ":       {"a", "b", "c"},
		`"a b" 'c d'`:       {"a b", "c d"},
		`--x='y z' k="v w"`: {"--x='y z'", `k="v w"`},
		`it's a`:            {"it's", "a"},
		`"" x`:              {"", "x"},
		`'a'b'c'`:           {"'a'b'c'"},
		`"`:                 {`"`},
	} {
		if got := splitWords(text); !reflect.DeepEqual(got, want) {
			t.Errorf("splitWords(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestNearestKey(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"max_restart": "max_restarts", "maxRestart": "max_restarts", "watchs": "watch", "instance": "instances", "kil_timeout": "kill_timeout",
		"kill-signal": "kill_signal", "zzzzzzzz": "", "scrpt": "script", "x": "",
	} {
		if got := nearestKey(key); got != want {
			t.Errorf("nearestKey(%q) = %q, want %q", key, got, want)
		}
	}
}

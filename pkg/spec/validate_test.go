package spec

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node")
	good := f.one("script: app.js")
	for key, spoil := range map[string]func(*Spec){
		"name":                      func(s *Spec) { s.Name = "1" },
		"namespace":                 func(s *Spec) { s.Namespace = "" },
		"script":                    func(s *Spec) { s.Script = "app.js" },
		"script: is missing":        func(s *Spec) { s.Script = "" },
		"script: found":             func(s *Spec) { s.Script, s.Shell, s.Interpreter = "a\x00 b", true, none },
		"cwd":                       func(s *Spec) { s.Cwd = "/a/../b" },
		"out_file":                  func(s *Spec) { s.OutFile = "" },
		"error_file":                func(s *Spec) { s.ErrorFile = "x" },
		"pid_file":                  func(s *Spec) { s.PidFile = "/a\x00" },
		"exec_interpreter":          func(s *Spec) { s.Interpreter = "bin/node" },
		"exec_interpreter: is":      func(s *Spec) { s.Interpreter = "" },
		"exec_interpreter: found":   func(s *Spec) { s.Shell = true },
		"args":                      func(s *Spec) { s.Args = []string{"\x00"} },
		"node_args":                 func(s *Spec) { s.InterpreterArgs = []string{"\x00"} },
		"log_date_format":           func(s *Spec) { s.LogDateFormat = "\x00" },
		"instance_var":              func(s *Spec) { s.InstanceVar = "A=B" },
		"env":                       func(s *Spec) { s.Env = map[string]string{"": "x"} },
		"exec_mode":                 func(s *Spec) { s.ExecMode = "cluster" },
		"on_listen_timeout":         func(s *Spec) { s.OnListenTimeout = "" },
		"instances":                 func(s *Spec) { s.Instances = 0 },
		"max_restarts":              func(s *Spec) { s.MaxRestarts = -1 },
		"stop_exit_codes":           func(s *Spec) { s.StopExitCodes = []int{256} },
		"max_memory_restart":        func(s *Spec) { s.MaxMemory = -1 },
		"min_uptime":                func(s *Spec) { s.MinUptime = -1 },
		"restart_delay":             func(s *Spec) { s.RestartDelay = -1 },
		"exp_backoff_restart_delay": func(s *Spec) { s.ExpBackoff = -1 },
		"kill_timeout":              func(s *Spec) { s.KillTimeout = -1 },
		"listen_timeout":            func(s *Spec) { s.ListenTimeout = -1 },
		"kill_signal":               func(s *Spec) { s.KillSignal = "INT" },
	} {
		s := good
		spoil(&s)
		if err := s.Validate(); err == nil || !strings.HasPrefix(err.Error(), key) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v", key, err)
		}
	}
}

// TestSpecJSON: a Spec survives the wire.
func TestSpecJSON(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node")
	want := f.one("script: app.js\nargs: [a]\nnode_args: [b]\nenv: {A: 1}\nstop_exit_codes: [0]\nkill_timeout: 1.5s\nmax_memory_restart: 1G\nkill_signal: TERM\nstdin: null")
	data, err := json.Marshal(&want)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(data); !strings.Contains(text, `"kill_timeout":1500`) || !strings.Contains(text, `"max_memory_restart":1073741824`) {
		t.Errorf("units are not PM2's: %s", text)
	}
	var got Spec
	if err := json.Unmarshal(data, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
}

func TestParseSignal(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Signal{"SIGTERM": "SIGTERM", "TERM": "SIGTERM", "sigusr2": "SIGUSR2", "15": "SIGTERM", " int ": "SIGINT"} {
		if got, err := ParseSignal(text); err != nil || got != want {
			t.Errorf("ParseSignal(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", "SIG", "0", "-1", "99", "SIGFOO"} {
		if got, err := ParseSignal(text); err == nil {
			t.Errorf("ParseSignal(%q) = %q, want an error", text, got)
		}
	}
}

func TestLogAndPidPaths(t *testing.T) {
	t.Parallel()
	merged, own := Spec{MergeLogs: true}, Spec{PidFile: "/p/api-7.pid"}
	for got, want := range map[string]string{
		merged.LogPath("/l/a-out.log", 2):                    "/l/a-out.log",
		own.LogPath("/l/a-out.log", 2):                       "/l/a-out-2.log",
		own.LogPath("/l/a.txt", 2):                           "/l/a.txt",
		own.LogPath(devNull, 2):                              devNull,
		own.PidPath(3):                                       "/p/api-3.pid",
		(&Spec{PidFile: "/p/api.pid"}).PidPath(0):            "/p/api-0.pid",
		(&Spec{PidFile: "/p-1/api"}).PidPath(4):              "/p-1/api-4.pid",
		(&Spec{PidFile: "/p/leadmaster-hub.pid"}).PidPath(5): "/p/leadmaster-hub-5.pid",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

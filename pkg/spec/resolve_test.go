package spec

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestPaths(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node")
	f.file("sub/srv.js", "")
	f.file("hub/x.js", "")
	for _, c := range []struct{ text, script, cwd, out string }{
		{"script: sub/srv.js", "sub/srv.js", "", "hub/logs/srv-out.log"},
		{"script: srv.js\ncwd: sub\nout_file: logs/o.log", "sub/srv.js", "sub", "sub/logs/o.log"},
		{"script: ../app.js\ncwd: ./sub/\nout: ../o.log", "app.js", "sub", "o.log"},
		{"script: ~/sub/srv.js\nout_file: ~/o.log\ncwd: ~", "sub/srv.js", "", "o.log"},
		{"script: ${HUB_HOME}/x.js\nout_file: $HUB_HOME/o.log", "hub/x.js", "", "hub/o.log"},
		{"script: app.js\nname: a b/../c d", "", "", ""},
		{"script: app.js\nout_file: NULL", "app.js", "", "/dev/null"},
		{"script: app.js\noutput: /dev/null", "app.js", "", "/dev/null"},
		{"script: app.js\nout_file: $HUB_HOMES/o.log", "app.js", "", "$HUB_HOMES/o.log"},
		{"script: app.js\nname: my app", "app.js", "", "hub/logs/my-app-out.log"},
	} {
		specs, _, err := f.resolve("ecosystem.yaml", c.text)
		if c.script == "" {
			if err == nil {
				t.Errorf("%s is accepted", c.text)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		s := specs[0]
		out := c.out
		if out != devNull {
			out = f.path(out)
		}
		if s.Script != f.path(c.script) || s.Cwd != f.path(c.cwd) || s.OutFile != out {
			t.Errorf("%s:\n got %s, %s, %s", c.text, s.Script, s.Cwd, s.OutFile)
		}
	}
}

func TestProgram(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node", "python3", "bash", "npm", "bun")
	for _, name := range []string{"a.py", "a.sh", "a.mjs", "a.ts", "binary", "with space.js", "own/tool", "venv/python", "a.txt"} {
		f.file(name, "")
	}
	for _, c := range []struct {
		text        string
		script      string // relative to the folder, unless shell
		interpreter string
		shell, ipc  bool
		name        string
	}{
		{"script: app.js", "app.js", "node", false, true, "app"},
		{"script: a.mjs", "a.mjs", "node", false, true, "a"},
		{"script: a.py", "a.py", "python3", false, false, "a"},
		{"script: a.sh", "a.sh", "bash", false, false, "a"},
		{"script: a.ts", "a.ts", "bun", false, true, "a"},
		{"script: binary", "binary", "none", false, false, "binary"},
		{"script: a.txt", "a.txt", "none", false, false, "a"},
		{"script: app.js\ninterpreter: none", "app.js", "none", false, false, "app"},
		{"script: a.py\ninterpreter: venv/python", "a.py", f.path("venv/python"), false, false, "a"},
		{"script: app.js\ninterpreter: null", "app.js", "node", false, true, "app"},
		{"script: npm\nargs: start", "bin/npm", "none", false, false, "npm"},
		{"script: node\nargs: app.js", "bin/node", "none", false, true, "node"},
		{"script: tool\nenv: {PATH: " + f.path("own") + "}", "own/tool", "none", false, false, "tool"},
		{"script: with space.js", "with space.js", "node", false, true, "with space"},
		{"script: npm run build.it", "npm run build.it", "none", true, true, "npm run build"},
		{"script: node /srv/x.js --port 3", "node /srv/x.js --port 3", "none", true, true, "x"},
		{"script: sleep 5\nipc: false", "sleep 5", "none", true, false, "sleep 5"},
		{"script: binary\nipc: true", "binary", "none", false, true, "binary"},
		{"script: binary\nwait_ready: true", "binary", "none", false, true, "binary"},
		{"script: app.js\nname: .x", "app.js", "node", false, true, ".x"},
	} {
		s := f.one(c.text)
		script := c.script
		if !c.shell {
			script = f.path(script)
		}
		if s.Script != script || s.Interpreter != c.interpreter || s.Shell != c.shell || s.IPC != c.ipc || s.Name != c.name {
			t.Errorf("%s:\n got %q by %q shell=%v ipc=%v name=%q", c.text, s.Script, s.Interpreter, s.Shell, s.IPC, s.Name)
		}
	}
}

func TestCommandLineDropsArgs(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "bash")
	specs, warnings, err := f.resolve("x.yaml", "script: echo hello\nargs: [a]\ninterpreter: bash")
	if err != nil || specs[0].Args != nil {
		t.Fatalf("got %+v, %v", specs, err)
	}
	want := "x.yaml:2: app \"echo hello\": args: is ignored beside a command line; write it into the script\n" +
		"x.yaml:3: app \"echo hello\": interpreter: is ignored beside a command line, which a shell runs"
	if got := f.text(warnings); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node", "python")
	f.file("a.py", "")
	f.options.EnvName = "production"
	s := f.one(`
script: a.py
port: 8080
env:
  TEXT: a
  NUMBER: 1.10
  BIG: 12345678901234567890
  YES: true
  NONE: null
  DATE: 2020-01-02
  LIST: [1, {a: "<b>"}]
  PORT: 1
  OVER: env
env_production: {OVER: production, MORE: {x: 1.0}}
env_staging: {OVER: staging}
`)
	want := map[string]string{
		"TEXT": "a", "NUMBER": "1.10", "BIG": "12345678901234567890", "YES": "true", "NONE": "null", "DATE": "2020-01-02",
		"LIST": `[1,{"a":"<b>"}]`, "PORT": "8080", "OVER": "production", "MORE": `{"x":1}`,
	}
	if !reflect.DeepEqual(s.Env, want) {
		t.Errorf("got  %q\nwant %q", s.Env, want)
	}
	f.options.EnvName = "local"
	specs, warnings, err := f.resolve("x.yaml", "script: a.py\nenv_production: {A: 1}")
	if err != nil || len(specs[0].Env) != 0 || specs[0].EnvName != "local" {
		t.Errorf("got %v, %v; the name is remembered", specs, err)
	}
	if got, want := f.text(warnings), `x.yaml:1: app "a": env_local: is not there, so --env local adds nothing to env`; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestOnly(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node")
	f.options.Only = []string{"b"}
	specs, _, err := f.resolve("x.yaml", "- {name: a, script: missing.js}\n- {name: b, script: app.js}")
	if err != nil || len(specs) != 1 || specs[0].Name != "b" {
		t.Errorf("got %v, %v; a script that is not asked for may be missing", specs, err)
	}
	_, warnings, err := f.resolve("x.yaml", "- {name: a, script: app.js, kill_timeout: soon, max_restart: 1}\n- {name: b, script: app.js}")
	if err != nil || len(warnings) > 0 {
		t.Errorf("got %v, %v; what is wrong with another app does not count", warnings, err)
	}
	for text, want := range map[string]string{
		"- {name: a, script: app.js}\n- {name: b, script: app.js, kill_timeout: soon}": `x.yaml:2: app "b": kill_timeout: `,
		"- {name: b, script: app.js}\n- text":                                          "x.yaml:2: found ",
	} {
		if _, _, err = f.resolve("x.yaml", text); !strings.HasPrefix(f.text(failure(t, err)), want) {
			t.Errorf("got %v, want %s…", err, want)
		}
	}
	f.options.Only = []string{"b", "c"}
	_, _, err = f.resolve("x.yaml", "- {name: a, script: app.js}\n- {name: b, script: app.js}")
	if got, want := f.text(failure(t, err)), `x.yaml: no app is called "c"; the file has a, b`; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestNamespaceOption(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node")
	f.options.Namespace = "web"
	if got := f.one("script: app.js").Namespace; got != "web" {
		t.Errorf("got %q, want the option's", got)
	}
	if got := f.one("script: app.js\nnamespace: own").Namespace; got != "own" {
		t.Errorf("got %q, want the file's", got)
	}
}

func TestHomeMustBeAbsolute(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node")
	f.options.Home = "hub"
	if _, _, err := f.resolve("x.yaml", "script: app.js"); err == nil {
		t.Error("a relative hub home is accepted")
	}
}

func TestTildeWithoutHome(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node")
	f.options.Env = []string{"PATH=" + f.path("bin")}
	_, _, err := f.resolve("x.yaml", "script: ~/app.js")
	if got := f.text(failure(t, err)); !strings.Contains(got, "HOME is not set") {
		t.Errorf("got %s", got)
	}
}

// TestOwnEcosystemFile: the repository's own file says what it must.
func TestOwnEcosystemFile(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../ecosystem.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t)
	f.file("bin/central-hub", "")
	f.file("apps/central-hub/.env", "")
	f.file("bin/session-manager-stub", "")
	f.file("apps/session-manager-stub/README.md", "")
	want := Spec{
		Name: "leadmaster-hub", Namespace: "default", File: f.path("ecosystem.yaml"), Username: "ops", Version: "N/A",
		Script: f.path("bin/central-hub"), Interpreter: "none", Cwd: f.path("apps/central-hub"), Instances: 1, ExecMode: "fork",
		InstanceVar: "NODE_APP_INSTANCE", Env: map[string]string{"NODE_ENV": "production"},
		OutFile: f.path("hub/logs/leadmaster-hub-out.log"), ErrorFile: f.path("hub/logs/leadmaster-hub-error.log"),
		PidFile: f.path("hub/pids/leadmaster-hub.pid"), MergeLogs: true, SharedLogs: true, LogDateFormat: "YYYY-MM-DD HH:mm:ss Z",
		Autostart: true, Autorestart: true, MaxRestarts: 10, MinUptime: milliseconds(10000), MaxMemory: 300 << 20,
		KillTimeout: milliseconds(5000), KillSignal: "SIGTERM", WaitReady: true, ListenTimeout: milliseconds(10000),
		OnListenTimeout: "warn", IPC: true, Notify: true,
		Listen: []Listener{{"", "*:3012"}}, Reload: ReloadOverlap,
	}
	specs, warnings, err := f.resolve("ecosystem.yaml", string(data))
	if err != nil || len(warnings) > 0 || len(specs) != 2 {
		t.Fatalf("got %v, %v, %v", specs, warnings, err)
	}
	if !reflect.DeepEqual(specs[0], want) {
		t.Errorf("got  %+v\nwant %+v", specs[0], want)
	}
	if stub := specs[1]; stub.Name != "session-manager-stub" || stub.Autostart || stub.Env["PORT"] != "3001" {
		t.Errorf("got %+v, want a stub that stays stopped", stub)
	}
}

func TestByExtension(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		"a.js": "node", "a.cjs": "node", "a.mjs": "node", "a.py": "python", "a.sh": "bash", "a.rb": "ruby", "a.php": "php", "a.pl": "perl",
		"a.ts": "bun", "a.tsx": "bun", "a.coffee": "coffee", "a.ls": "lsc", "a": "", "a.txt": "", "a.JS": "",
	} {
		if got := byExtension(script); got != want {
			t.Errorf("byExtension(%q) = %q, want %q", script, got, want)
		}
	}
}

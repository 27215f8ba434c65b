package spec

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestFromCommand(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node")
	s, warnings, err := FromCommand(f.options, "app.js", []string{"a", "b c", ""}, []Setting{
		{Key: "name", Value: "x"},
		{Key: "instances", Value: "2", Flag: "-i"},
		{Key: "max_memory_restart", Value: "300M"},
		{Key: "autorestart", Value: false, Flag: "--no-autorestart"},
		{Key: "kill_timeout", Value: 5000},
		{Key: "stop_exit_codes", Value: []string{"1", "2"}},
		{Key: "node_args", Value: "--inspect --x"},
		{Key: "env", Value: map[string]string{"A": "1"}},
		{Key: "out_file", Value: "o.log", Flag: "--output"},
		{Key: "namespace", Value: ""},
	})
	if err != nil || len(warnings) > 0 {
		t.Fatalf("got %v, %v", warnings, err)
	}
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
	if s.Name != "x" || s.Instances != 2 || s.MaxMemory != 300<<20 || s.Autorestart || s.KillTimeout.Std() != 5*time.Second ||
		s.Script != f.path("app.js") || s.OutFile != f.path("o.log") || s.Cwd != f.dir || s.File != "" || s.Env["A"] != "1" || s.Namespace != "default" {
		t.Errorf("got %+v", s)
	}
	for got, want := range map[*[]string][]string{&s.Args: {"a", "b c", ""}, &s.InterpreterArgs: {"--inspect", "--x"}} {
		if !reflect.DeepEqual(*got, want) {
			t.Errorf("got %q, want %q", *got, want)
		}
	}
}

func TestFromCommandNamesTheFlag(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node")
	_, _, err := FromCommand(f.options, "gone.js", nil, []Setting{
		{Key: "max_memory_restart", Value: "300X"},
		{Key: "instances", Value: "two", Flag: "-i"},
		{Key: "watch", Value: true},
	})
	want := `app "gone": --max-memory-restart: found "300X"; want a size such as 300M, 1.5G or 1048576 (bytes)
app "gone": -i: found "two"; want a number such as 2, max for one per CPU, or -1 for all CPUs but one
app "gone": --watch: found true; this comes in a later release of hub, so leave it out for now
app "gone": script: script not found: gone.js; want an existing file, or a program in PATH`
	if got := f.text(failure(t, err)); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestFromCommandRefusesMisuse(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node")
	if _, _, err := FromCommand(f.options, "app.js", nil, []Setting{{Key: "name", Value: 1.5}}); err == nil || !strings.Contains(err.Error(), "float64") {
		t.Errorf("got %v, want an error about the type", err)
	}
	if _, _, err := FromCommand(f.options, "", nil, nil); err == nil || !strings.Contains(err.Error(), "script: is missing") {
		t.Errorf("got %v, want an error about the script", err)
	}
	f.options.Dir = ""
	if _, _, err := FromCommand(f.options, "app.js", nil, nil); err == nil {
		t.Error("a missing directory is accepted")
	}
}

func TestFromCommandTwoSpellings(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node")
	s, warnings, err := FromCommand(f.options, "app.js", nil, []Setting{{Key: "output", Value: "a.log"}, {Key: "out_file", Value: "b.log"}})
	if err != nil || s.OutFile != f.path("b.log") {
		t.Errorf("got %s, %v", s.OutFile, err)
	}
	if got, want := f.text(warnings), `app "app": --output: is ignored, since --out-file is given too and counts`; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

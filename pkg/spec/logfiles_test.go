package spec

import (
	"slices"
	"strings"
	"testing"
)

func TestLogFile(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node")
	home := f.path("hub/logs/")
	for lines, want := range map[string][]string{
		"":               {home + "/app-out.log", home + "/app-error.log"},
		"log_file: true": {home + "/app-out.log", home + "/app-error.log", home + "/app.log"},
		"log: all.log\nout: /dev/null\nerr: NULL": {f.path("all.log")},
		"log_file: false":                         {home + "/app-out.log", home + "/app-error.log"},
		"log_file: NULL":                          {home + "/app-out.log", home + "/app-error.log"},
		"log_file: /dev/null":                     {home + "/app-out.log", home + "/app-error.log"},
		"log_file: true\ninstances: 3":            {home + "/app-out-2.log", home + "/app-error-2.log", home + "/app-2.log"},
		"out: a.log\nerror: a.log\nlog: a.log":    {f.path("a.log")},
		"log_file: true\ndisable_logs: true":      nil,
	} {
		specs, warnings, err := f.resolve("x.yaml", "script: app.js\n"+lines)
		if err != nil || len(warnings) > 0 {
			t.Errorf("%q: %v %v", lines, warnings, err)
			continue
		}
		if got := specs[0].LogPaths(2); !slices.Equal(got, want) {
			t.Errorf("%q: files %q, want %q", lines, got, want)
		}
		if err := specs[0].Validate(); err != nil {
			t.Errorf("%q: %v", lines, err)
		}
	}
}

// Two apps that write to one file are refused, unless both say that they mean it.
func TestSharedLogFiles(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node")
	for files, refused := range map[string]bool{
		"":                        false,
		"out: a.log|out: b.log":   false,
		"out: a.log|out: a.log":   true,
		"out: a.log|error: a.log": true,
		"out: a.log|log: a.log":   true,
		"out: a.log, merge_logs: true|out: a.log":                    true,
		"out: a.log, merge_logs: true|out: a.log, merge_logs: true":  false,
		"out: a.log, merge_logs: true|out: a.log, merge_logs: false": false,
		"out: /dev/null|out: NULL":                                   false,
		"out: a.log|out: a.log, disable_logs: true":                  false,
		"out: a-1.log|out: a.log, instances: 2":                      true,
		"out: a-2.log|out: a.log, instances: 2":                      false,
		"out: a.log, error: a.log|out: b.log":                        false,
	} {
		first, second, _ := strings.Cut(files, "|")
		_, _, err := f.resolve("x.yaml", "- {name: one, script: app.js, "+first+"}\n- {name: two, script: app.js, "+second+"}")
		if !refused {
			if err != nil {
				t.Errorf("%q: %v", files, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), `:2: app "two": `) || !strings.Contains(err.Error(), `same log file as app "one"`) {
			t.Errorf("%q: %v", files, err)
		}
	}
	// Names that differ only in what a file's name can't have.
	_, _, err := f.resolve("x.yaml", "- {name: a b, script: app.js}\n- {name: a-b, script: app.js}")
	if err == nil || !strings.Contains(err.Error(), "a-b-out.log") {
		t.Errorf("a b and a-b: %v", err)
	}
}

package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
)

const stdinApps = `[{"name": "one", "script": "./server", "instances": 2}, {"name": "two", "script": "./server"}]`

func TestStartStdin(t *testing.T) {
	t.Parallel()
	for word, existing := range map[string]string{
		"start": api.ExistingRestart, "restart": api.ExistingRestart, "reload": api.ExistingReload, "startOrReload": api.ExistingReload,
	} {
		t.Run(word, func(t *testing.T) {
			t.Parallel()
			p, f := newStarts(t)
			p.sys.Stdin = strings.NewReader(stdinApps)
			call := started(t, f, p.run(t, word, "-"))
			if len(call.Specs) != 2 || call.Existing != existing || call.Specs[0].Script != p.sys.Dir+"/server" || call.Specs[0].File != "" {
				t.Errorf("called with %+v", call)
			}
		})
	}
}

// A pipe may give the text in many pieces.
func TestStdinWhole(t *testing.T) {
	t.Parallel()
	p, f := newStarts(t)
	p.sys.Stdin = &oneByte{strings.NewReader("apps:\n- {name: one, script: ./server}\n")}
	if call := started(t, f, p.run(t, "start", "-")); len(call.Specs) != 1 {
		t.Errorf("called with %+v", call)
	}
}

// oneByte reads one byte at a time.
type oneByte struct{ r *strings.Reader }

func (o *oneByte) Read(b []byte) (int, error) { return o.r.Read(b[:1]) }

func TestActStdin(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"stop", "delete"} {
		p, f := newStarts(t, api.Row{Name: "two"}, api.Row{Name: "three"})
		p.sys.Stdin = strings.NewReader(stdinApps)
		p.run(t, action, "-")
		var call api.ActCall
		if got := f.parameters("Act"); len(got) != 1 || json.Unmarshal([]byte(got[0]), &call) != nil || strings.Join(call.Targets, " ") != "two" {
			t.Errorf("%s: the daemon was asked %q", action, got)
		}
	}
}

func TestStdinProblems(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`[{"name": "one",`: "stdin:1: ",
		`{"apps": [{"script": "./server", "port": "x"}]}`: `stdin:1: app "server": port: `,
		"apps:\n- script: ./nowhere\n":                    `stdin:2: app "nowhere": script: `,
		strings.Repeat("# long\n", 1<<20):                 "stdin: is larger than 1M",
	} {
		p, f := newStarts(t)
		p.sys.Stdin = strings.NewReader(text)
		r := p.run(t, "start", "-")
		if r.code != 1 || len(f.parameters("Start")) > 0 {
			t.Errorf("exit code %d, started %q", r.code, f.parameters("Start"))
		}
		contains(t, r.stderr, want)
	}
	p, _ := newStarts(t)
	p.sys.Stdin = strings.NewReader(`[]`)
	p.run(t, "start", "-").check(t, 0, "", "[hub][WARN] stdin declares no app\n")
	p.run(t, "start", "-", "--name", "x").check(t, 1, "", "[hub][ERROR] --name has no effect on file stdin\n  hint: write it into the file\n")
}

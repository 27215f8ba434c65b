package daemon

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/store"
	"github.com/leadmaster/hub/pkg/supervise"
)

// The self-check refuses what this program can't read, says why, and leaves all
// as it is.
func TestCheck(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("app", idle))
	if err := Check(r.Home); err != nil {
		t.Errorf("of a home as it should be: %v", err)
	}
	path := r.records()["app"]
	for name, c := range map[string]struct{ file, old, with, want string }{
		"newer record": {path, `"version":1`, `"version":9`, "version 9, written by a later version of hub"},
		"cut record":   {path, `{"version"`, `{"version`, "invalid character"},
		"newer state":  {r.path("state.json"), `"version":1`, `"version":9`, "version 9, written by a later version of hub"},
		"no settings":  {path, `"spec":"`, `"spec":"f`, "its settings"},
	} {
		t.Run(name, func(t *testing.T) {
			before, err := os.ReadFile(c.file)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { overwrite(t, c.file, string(before)) }()
			r.edit(c.file, c.old, c.with)
			if err := Check(r.Home); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), filepath.Base(c.file)) {
				t.Errorf("%v", err)
			}
			after, err := os.ReadFile(c.file)
			if err != nil || string(after) != strings.ReplaceAll(string(before), c.old, c.with) {
				t.Errorf("changed to %q: %v", after, err)
			}
			if names, err := filepath.Glob(r.path("*/*.damaged")); err != nil || len(names) > 0 {
				t.Errorf("set aside: %v, %v", names, err)
			}
		})
	}
}

// Whatever stands in a record, it is read or refused.
func FuzzRecord(f *testing.F) {
	home, err := store.OpenHome(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	r := &rig{TB: f, scripts: f.TempDir()}
	s := r.app("app", idle)
	spec, err := home.PutContent(&s)
	if err != nil {
		f.Fatal(err)
	}
	base, err := home.PutContent([]string{"PATH=/bin"})
	if err != nil {
		f.Fatal(err)
	}
	uuid := supervise.NewUUID()
	whole := fmt.Sprintf(`{"version":1,"uuid":%q,"id":0,"instance":0,"name":"app","spec":%q,"base_env":%q,"want":"up","state":"online","generation":1,`+
		`"launches":1,"process":{"pid":1,"start":1,"boot":"x"},"pipes":[1,2,3],"beside":[{"generation":2,"spec":%[2]q}]}`, uuid, spec, base)
	if !json.Valid([]byte(whole)) {
		f.Fatal(whole)
	}
	for _, seed := range []string{
		whole, whole[:100], "", "{}", "null", "[]", strings.ReplaceAll(whole, "1", "-1"), strings.ReplaceAll(whole, `"x"`, "null"),
		strings.ReplaceAll(whole, `"process":{`, `"process":null,"was":{`), strings.ReplaceAll(whole, spec, "../../x"),
	} {
		f.Add([]byte(seed))
	}
	path := filepath.Join(home.RunDir(), uuid+".json")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		a := newRecordReader(home)
		read, err := a.read(uuid, path)
		if err != nil {
			return
		}
		read.Record.Repair()
		running(read.Record)
		if read.Spec == nil || read.Base == nil || len(read.Beside) != len(read.Record.Beside) {
			t.Errorf("taken, and not whole: %+v", read)
		}
	})
}

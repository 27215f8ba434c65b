package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/spec"
)

func (r *rig) read(name string) string {
	r.Helper()
	text, err := os.ReadFile(r.path(name))
	if err != nil {
		r.Fatal(err)
	}
	return string(text)
}

func (r *rig) write(name, text string) {
	r.Helper()
	if err := os.WriteFile(r.path(name), []byte(text), 0o600); err != nil {
		r.Fatal(err)
	}
}

func (r *rig) save(apps int) {
	r.Helper()
	d, err := r.Dump(r.context(), false)
	if err != nil || d.Apps != apps || d.Path != r.path("dump.json") {
		r.Fatalf("%+v: %v", d, err)
	}
}

// resurrect returns the file that was read and the names of what was started.
func (r *rig) resurrect() (path, names string) {
	r.Helper()
	var words []string
	results := r.succeed(func(ctx context.Context, each func([]api.Result)) (err error) {
		path, err = r.Resurrect(ctx, api.ResurrectCall{}, each)
		return err
	})
	for _, one := range results {
		words = append(words, one.Name)
	}
	return strings.TrimPrefix(path, r.Home+"/"), strings.Join(words, " ")
}

func TestDumpAndResurrect(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	r := serveIn(t, home, nil)
	two := r.app("two", idle, func(s *spec.Spec) { s.Instances, s.Namespace = 2, "web" })
	r.begin(two, r.app("held", idle, func(s *spec.Spec) { s.Autostart = false }), r.app("down", idle))
	r.act("stop", "down")
	r.save(3)
	r.end()

	r = serveIn(t, home, nil)
	if rows := r.rows(); rows != "" {
		t.Errorf("without resurrect there is %s", rows)
	}
	saved, err := r.Saved(r.context())
	if err != nil || len(saved.Apps) != 3 || saved.Apps[0] != (api.SavedApp{
		Name: "two", Namespace: "web", Instances: 2, Want: "up", Script: two.Script,
	}) {
		t.Errorf("saved: %+v, %v", saved, err)
	}
	r.resurrect()
	if rows := r.rows(); rows != "down:stopped held:stopped two:online two:online" {
		t.Errorf("got %s", rows)
	}
	if _, names := r.resurrect(); names != "" {
		t.Errorf("a second time started %s", names)
	}
	r.act("delete", "1")
	if _, names := r.resurrect(); names != "two" {
		t.Errorf("with one missing started %q", names)
	}
	list, err := r.Processes(r.context(), false, "two")
	if err != nil || len(list) != 2 {
		t.Fatalf("%d processes: %v", len(list), err)
	}
	vars, err := os.ReadFile("/proc/" + itoa(list[0].PID) + "/environ")
	if err != nil || !strings.Contains(string(vars), "LANG=C\x00") {
		t.Errorf("environment %q: %v", vars, err)
	}
}

func itoa(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}

func TestDumpFormat(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("app", idle))
	r.save(1)
	text := r.read("dump.json")
	if !strings.HasPrefix(text, "{\n  \"version\": 1,\n  \"apps\": [\n    {\n      \"name\": \"app\",\n      \"instances\": 1,\n      \"want\": \"up\",\n") ||
		!strings.HasSuffix(text, "]\n}\n") {
		t.Errorf("got %s", text)
	}
	var dump struct {
		Apps []struct {
			Spec    spec.Spec
			BaseEnv []string `json:"base_env"`
		}
	}
	if err := json.Unmarshal([]byte(text), &dump); err != nil {
		t.Fatal(err)
	}
	if a := dump.Apps[0]; a.Spec.Validate() != nil || strings.Join(a.BaseEnv, " ") != "LANG=C PATH=/usr/bin:/bin" {
		t.Errorf("got %+v", a)
	}
	info, err := os.Stat(r.path("dump.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v: %v", info.Mode(), err)
	}
}

// What a later version adds to the list outlives a save by this one.
func TestDumpKeepsUnknownFields(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("app", idle), r.app("other", idle))
	r.save(2)
	later := strings.Replace(r.read("dump.json"), `"name": "app",`, `"name": "app", "of_the_app": {"a": [1, 2]},`, 1)
	later = strings.Replace(later, `"version": 1,`, `"version": 1, "of_the_list": "x",`, 1)
	later = strings.Replace(later, `"spec": {`, `"spec": { "of_the_spec": null,`, 1)
	r.write("dump.json", later)
	r.act("delete", "other")
	r.save(1)
	text := r.read("dump.json")
	for _, field := range []string{"of_the_app", "of_the_list", "of_the_spec"} {
		if strings.Count(text, field) != 1 {
			t.Errorf("%s is gone, or there several times: %s", field, text)
		}
	}
	if strings.Contains(text, "other") {
		t.Error("what was deleted is still in the list")
	}
	r.act("delete", "all")
	if _, names := r.resurrect(); names != "app" {
		t.Errorf("resurrected %q", names)
	}
}

func TestDumpOfNothing(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("app", idle))
	r.save(1)
	before := r.read("dump.json")
	r.act("delete", "all")
	_, err := r.Dump(r.context(), false)
	wantError(t, err, api.CodeRefused, "--force")
	if r.read("dump.json") != before {
		t.Error("the list was touched")
	}
	if d, err := r.Dump(r.context(), true); err != nil || d.Apps != 0 {
		t.Errorf("with force: %+v, %v", d, err)
	}
	if path, names := r.resurrect(); path != "dump.json" || names != "" {
		t.Errorf("resurrected %q from %s", names, path)
	}
}

func TestNoDump(t *testing.T) {
	t.Parallel()
	r := serve(t)
	_, err := r.Saved(r.context())
	wantError(t, err, api.CodeNotFound, "dump.json", "hubctl save")
	_, err = r.Resurrect(r.context(), api.ResurrectCall{}, func([]api.Result) {})
	wantError(t, err, api.CodeNotFound, "dump.json", "hubctl save")
}

// A list of a later version is neither read nor replaced by mistake.
func TestNewerDump(t *testing.T) {
	t.Parallel()
	r := serve(t)
	const newer = `{"version": 2, "apps": {"another": "shape"}}`
	r.write("dump.json", newer)
	r.write("dump.json.bak", `{"version": 1, "apps": []}`)
	_, err := r.Saved(r.context())
	if err == nil || !strings.Contains(err.Error(), "dump.json") {
		t.Errorf("saved: %v", err)
	}
	_, err = r.Resurrect(r.context(), api.ResurrectCall{}, func([]api.Result) {})
	wantError(t, err, api.CodeFailed, "version", "left as it is")
	r.begin(r.app("app", idle))
	_, err = r.Dump(r.context(), false)
	wantError(t, err, api.CodeRefused, "later version", "--force")
	if r.read("dump.json") != newer {
		t.Error("the file was touched")
	}
	if _, err := r.Dump(r.context(), true); err != nil {
		t.Error(err)
	}
	if r.read("dump.json.bak") != newer {
		t.Error("with force, the newer list was not kept beside the new one")
	}
}

// A list that can't be read is set aside and the one before is used, today and
// after the next boot.
func TestDamagedDump(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"cut": `{"version":1,"apps":[{"na`, "empty": "", "zeros": "\x00\x00\x00", "no version": "{}"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			r := serveIn(t, home, nil)
			r.begin(r.app("app", idle))
			r.save(1)
			r.save(1)
			r.write("dump.json", text)
			r.act("delete", "all")
			for range 2 {
				if path, names := r.resurrect(); path != "dump.json.bak" || names != "app" {
					t.Errorf("resurrected %q from %s", names, path)
				}
				r.end()
				r = serveIn(t, home, nil)
			}
			if r.read("dump.json.damaged") != text {
				t.Error("the damaged list was not set aside")
			}
			r.resurrect()
			r.save(1)
			if path, _ := r.resurrect(); path != "dump.json" {
				t.Errorf("after a new save %s was read", path)
			}
		})
	}
}

func TestDamagedDumpAlone(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.write("dump.json", "{")
	_, err := r.Resurrect(r.context(), api.ResurrectCall{}, func([]api.Result) {})
	wantError(t, err, api.CodeFailed, "dump.json", "left as it is")
	if r.read("dump.json") != "{" {
		t.Error("the file was touched")
	}
	if _, err := os.Stat(r.path("dump.json.damaged")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it was set aside: %v", err)
	}
}

// One app that can't be started is no reason to leave the others.
func TestResurrectWithABadApp(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("bad", idle), r.app("good", idle))
	r.save(2)
	r.act("delete", "all")
	r.write("dump.json", strings.Replace(r.read("dump.json"), `"kill_signal": "SIGTERM"`, `"kill_signal": "SIGTERM", "exec_mode": "hover"`, 1))
	var failed, started []string
	_, err := r.Resurrect(r.context(), api.ResurrectCall{}, func(some []api.Result) {
		for _, one := range some {
			if one.Error != "" {
				failed = append(failed, one.Name)
			} else {
				started = append(started, one.Name)
			}
		}
	})
	if err != nil || strings.Join(failed, " ") != "bad" || strings.Join(started, " ") != "good" {
		t.Errorf("failed %v, started %v: %v", failed, started, err)
	}
}

package daemon

import (
	"encoding/json"
	"maps"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/spec"
)

// given reads the environment that the kernel shows of a process.
func given(t *testing.T, pid int) map[string]string {
	t.Helper()
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		t.Fatal(err)
	}
	vars := make(map[string]string)
	for _, kv := range strings.Split(strings.TrimSuffix(string(b), "\x00"), "\x00") {
		k, v, _ := strings.Cut(kv, "=")
		vars[k] = v
	}
	return vars
}

func TestEnvOfWhatRuns(t *testing.T) {
	t.Parallel()
	r := serve(t)
	results := r.begin(r.app("app", "", func(s *spec.Spec) {
		s.Interpreter, s.Script, s.Args = "none", "/bin/sleep", []string{"1000"}
		s.Instances, s.IPC, s.Notify = 2, true, true
		s.Env = map[string]string{"SECRET": "a=b\n c", "EMPTY": ""}
	}))
	for _, one := range results {
		reply, err := r.Client.Env(r.context(), strconv.Itoa(one.ID))
		if err != nil {
			t.Fatal(err)
		}
		if want := given(t, one.PID); !maps.Equal(reply.Env, want) || reply.Name != "app" || reply.ID != one.ID {
			t.Errorf("got %+v\nwant %v", reply, want)
		}
	}
	before, err := r.Client.Env(r.context(), "app")
	if err != nil || before.ID != 0 {
		t.Fatalf("%+v, %v", before, err)
	}
	r.act(api.ActionStop, "app")
	down, err := r.Client.Env(r.context(), "app")
	if err != nil {
		t.Fatal(err)
	}
	if down.Env["SECRET"] != "a=b\n c" || !strings.HasSuffix(down.Env["HUB_INSTANCE"], ":2") {
		t.Errorf("of an app that is down: %v", down.Env)
	}
}

func TestEnvTargets(t *testing.T) {
	t.Parallel()
	r := serve(t)
	_, err := r.Client.Env(r.context(), "all")
	wantError(t, err, api.CodeNotFound, "No process found")
	r.begin(r.app("a", idle), r.app("b", idle))
	for target, code := range map[string]string{"all": api.CodeInvalid, "default": api.CodeInvalid, "nobody": api.CodeNotFound, "": api.CodeInvalid} {
		_, err := r.Client.Env(r.context(), target)
		wantError(t, err, code, target)
	}
	if reply, err := r.Client.Env(r.context(), "/^b$/"); err != nil || reply.Name != "b" {
		t.Errorf("%+v, %v", reply, err)
	}
	// Nothing but this method tells a value.
	all, err := r.Processes(r.context(), true)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := json.Marshal(all); err != nil || strings.Contains(string(text), `"LANG"`) {
		t.Errorf("%s, %v", text, err)
	}
}

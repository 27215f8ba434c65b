package settings

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
)

const written = `# Settings of our daemon.

kill_timeout: 10s # databases need it
# often enough
memory_interval: 5s
log_date_format: "YYYY-MM-DD HH:mm:ss Z"
`

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestSetKeepsTheRest(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, value, want string }{
		{"kill_timeout", "3s", strings.Replace(written, "10s", "3s", 1)},
		{"kill_timeout", "1600", strings.Replace(written, "10s", "1600", 1)},
		{"memory_interval", "1m", strings.Replace(written, "5s", "1m", 1)},
		{"log_date_format", "HH: mm", strings.Replace(written, `"YYYY-MM-DD HH:mm:ss Z"`, `'HH: mm'`, 1)},
		{"log_date_format", "null", strings.Replace(written, `"YYYY-MM-DD HH:mm:ss Z"`, `"null"`, 1)},
		{"max_restarts", "5", written + "max_restarts: 5\n"},
	} {
		dir := home(t, written)
		if err := Set(dir, test.name, test.value); err != nil {
			t.Errorf("%s %s: %v", test.name, test.value, err)
			continue
		}
		if got := read(t, Path(dir)); got != test.want {
			t.Errorf("%s %s:\n%s\nwant\n%s", test.name, test.value, got, test.want)
		}
		if got := read(t, Path(dir)+".bak"); got != written {
			t.Errorf("%s %s: the file before is\n%s", test.name, test.value, got)
		}
	}
}

func TestSetInNothing(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                   "max_restarts: 5\n",
		"# only this\n":      "# only this\n\nmax_restarts: 5\n",
		"---\n":              "max_restarts: 5\n",
		"{}\n":               "{max_restarts: 5}\n",
		"{min_uptime: 1s}\n": "{min_uptime: 1s, max_restarts: 5}\n",
		"max_restarts:\n":    "max_restarts: 5\n",
	} {
		dir := home(t, text)
		if err := Set(dir, "max_restarts", "5"); err != nil {
			t.Errorf("%q: %v", text, err)
		} else if got := read(t, Path(dir)); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	dir := filepath.Join(t.TempDir(), "new")
	if err := Set(dir, "max_restarts", "5"); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{dir: 0o700, Path(dir): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

func TestUnset(t *testing.T) {
	t.Parallel()
	dir := home(t, written)
	for _, name := range []string{"memory_interval", "max_restarts"} {
		found, err := Unset(dir, name)
		if err != nil || found != (name == "memory_interval") {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
	want := strings.Replace(written, "# often enough\nmemory_interval: 5s\n", "", 1)
	if got := read(t, Path(dir)); got != want {
		t.Errorf("the file is\n%s\nwant\n%s", got, want)
	}
	for _, name := range []string{"kill_timeout", "log_date_format"} {
		if found, err := Unset(dir, name); err != nil || !found {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
	if got := read(t, Path(dir)); !strings.HasPrefix(got, "# Settings of our daemon.\n") || strings.Contains(got, "{}") {
		t.Errorf("the file is\n%s", got)
	}
}

func TestEditRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, name, value, want string }{
		{written, "kill_time", "3s", `kill_time: unknown setting; did you mean "kill_timeout"?`},
		{written, "kill_timeout", "soon", `kill_timeout: found "soon"; want a time`},
		{written, "memory_interval", "1", `memory_interval: found 1ms; want at least 500ms`},
		{written, "kill_timeout", "", `hubctl unset kill_timeout`},
		{"kill_timeout: [", "kill_timeout", "3s", `hubd.yaml:`},
		{"min_uptime: soon\n", "kill_timeout", "3s", `hubd.yaml:1: min_uptime: `},
		{"min_uptime: &t 1s\nkill_timeout: *t\n", "min_uptime", "2s", `edit it by hand`},
	} {
		dir := home(t, test.text)
		if err := Set(dir, test.name, test.value); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s %s: %v, want %s", test.name, test.value, err, test.want)
		}
		if got := read(t, Path(dir)); got != test.text {
			t.Errorf("%s %s: the file became\n%s", test.name, test.value, got)
		}
	}
}

// A file that a link leads to is changed where it is.
func TestSetThroughALink(t *testing.T) {
	t.Parallel()
	dir, other := t.TempDir(), home(t, "")
	if err := os.Symlink(Path(other), Path(dir)); err != nil {
		t.Fatal(err)
	}
	if err := Set(dir, "max_restarts", "5"); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(Path(dir)); err != nil || info.Mode().Type() != os.ModeSymlink {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if got := read(t, Path(other)); got != "max_restarts: 5\n" {
		t.Errorf("%q", got)
	}
}

func TestEditsTakeTurns(t *testing.T) {
	t.Parallel()
	dir := home(t, "")
	var edits sync.WaitGroup
	names := []string{"kill_timeout", "listen_timeout", "min_uptime", "memory_interval"}
	for n, name := range names {
		edits.Go(func() {
			if err := Set(dir, name, fmt.Sprintf("%ds", n+1)); err != nil {
				t.Error(err)
			}
		})
	}
	edits.Wait()
	got := read(t, Path(dir))
	for n, name := range names {
		if line := fmt.Sprintf("%s: %ds\n", name, n+1); !strings.Contains(got, line) {
			t.Errorf("no %q in\n%s", line, got)
		}
	}
}

// What hubctl get prints is what the file may hold.
func TestText(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{"10s": "10s", "5": "5", "HH: mm": "'HH: mm'", "YYYY # x": "'YYYY # x'", "null": `"null"`} {
		if got := Text(value); got != want {
			t.Errorf("%q is written %s, want %s", value, got, want)
		}
	}
}

func TestBefore(t *testing.T) {
	t.Parallel()
	dir := home(t, written)
	if got := Before(dir); got.MemoryInterval != DefaultMemoryInterval || !reflect.DeepEqual(got.Apps, Settings{}.Apps) {
		t.Errorf("before the first change: %+v", got)
	}
	want, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := Set(dir, "memory_interval", "1m"); err != nil {
		t.Fatal(err)
	}
	if got := Before(dir); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

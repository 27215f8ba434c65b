package settings

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/spec"
)

// home is a folder with this hubd.yaml.
func home(t testing.TB, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(Path(dir), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestLoad(t *testing.T) {
	t.Parallel()
	s, err := Load(home(t, "# ours\nmemory_interval: 1m\nkill_timeout: 5s\nmax_restarts: 3\nlisten_timeout:\n"))
	if err != nil {
		t.Fatal(err)
	}
	if s.MemoryInterval != time.Minute {
		t.Errorf("memory_interval is %v", s.MemoryInterval)
	}
	f, err := spec.Parse("apps.json", []byte(`[{"name":"plain","script":"true"},{"name":"own","script":"true","kill_timeout":7}]`))
	if err != nil {
		t.Fatal(err)
	}
	apps, _, err := f.Resolve(spec.Options{Home: "/h", Env: os.Environ(), Defaults: s.Apps})
	if err != nil {
		t.Fatal(err)
	}
	if a := apps[0]; a.KillTimeout.Std() != 5*time.Second || a.MaxRestarts != 3 || a.ListenTimeout.Std() != 3*time.Second {
		t.Errorf("an app that says nothing has %v, %d, %v", a.KillTimeout, a.MaxRestarts, a.ListenTimeout)
	}
	if a := apps[1]; a.KillTimeout.Std() != 7*time.Millisecond {
		t.Errorf("an app that gives kill_timeout has %v", a.KillTimeout)
	}
}

func TestLoadNothing(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{
		"no file": t.TempDir(), "empty": home(t, ""), "comments": home(t, "# nothing\n"), "null": home(t, "---\n~\n"),
	} {
		if s, err := Load(dir); err != nil || s.MemoryInterval != DefaultMemoryInterval {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	if _, err := Read(Path(t.TempDir())); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"memory_interval: 100ms":                {`:1: memory_interval: found 100ms; want at least 500ms`},
		"memory_interval: often":                {`:1: memory_interval: found "often"; want a time such as`},
		"\nkill_timeouts: 3s":                   {`:2: kill_timeouts: unknown setting; did you mean "kill_timeout"?`},
		"killTimeout: 3s":                       {`did you mean "kill_timeout"?`},
		"entirely: 3s":                          {`unknown setting; want one of log_date_format, `},
		"kill_signal: SIGNONE":                  {`:1: kill_signal: `, `SIGNONE`},
		"max_restarts: [1]":                     {`:1: max_restarts: found a list; want one value`},
		"max_restarts: 1\nmax_restarts: 2":      {`:2: max_restarts: is there twice, first on line 1`},
		"max_restarts: -1\nmin_uptime: {}":      {`:1: max_restarts: `, `:2: min_uptime: found an object`},
		"- max_restarts":                        {`:1: found a list; want lines of the form KEY: VALUE`},
		"max_restarts":                          {`:1: found "max_restarts"; want lines`},
		"max_restarts: {1":                      {`: not valid YAML`},
		"max_restarts: 1\n---\nmax_restarts: 1": {`a second YAML document begins`},
		"? [a]\n: 1":                            {`unknown setting`},
		"<<: {max_restarts: 1}":                 {`:1: <<: unknown setting`},
		"max_restarts: 1\n#" + strings.Repeat("x", spec.MaxFileSize): {`is larger than 1M`},
	} {
		dir := home(t, text)
		_, err := Load(dir)
		if _, ok := errors.AsType[spec.Problems](err); !ok {
			t.Errorf("%.40q: %v", text, err)
			continue
		}
		for _, part := range want {
			if message := err.Error(); !strings.Contains(message, part) || !strings.HasPrefix(message, Path(dir)) {
				t.Errorf("%.40q: %s\nwant %s:… %s", text, message, Path(dir), part)
			}
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for _, k := range Keys() {
		if k.Meaning == "" || k.Value == "" {
			t.Errorf("%s: %+v", k.Name, k)
		}
		if k.Default == "" {
			continue
		}
		if err := new(Settings).set(k.Name, k.Default); err != nil {
			t.Errorf("%s does not take its own default: %v", k.Name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "# c\n", "memory_interval: 1s # x\n", "{kill_timeout: 5s}", "a: &x 1\nb: *x\n", "? {}\n: 1\n", "~"} {
		f.Add(seed, "memory_interval", "750ms")
	}
	f.Fuzz(func(t *testing.T, text, name, value string) {
		file, err := parse("hubd.yaml", []byte(text))
		if err != nil || new(Settings).set(name, value) != nil || value == "" {
			return
		}
		file.put(name, value)
		written, err := file.text()
		if err != nil {
			return
		}
		again, err := parse("hubd.yaml", written)
		if err != nil {
			return // an edit refuses that
		}
		if got, _ := again.Value(name); got != value {
			t.Fatalf("%q became %q in %q", value, got, written)
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	for name, dir := range map[string]string{
		"none": b.TempDir(), "file": home(b, "kill_timeout: 5s\nmemory_interval: 1m\n"),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Load(dir); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

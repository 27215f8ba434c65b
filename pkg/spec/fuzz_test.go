package spec

import (
	"errors"
	"io/fs"
	"os"
	"testing"
)

// FuzzParse: no text makes reading and resolving panic, and what it returns is
// what the daemon takes.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"../../ecosystem.yaml", "testdata/wrong.yaml", "testdata/wrong.json"} {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, name == "testdata/wrong.json")
	}
	for _, seed := range []string{
		"script: sleep 5", "a: &a [*a]", "apps: &x\n- {<<: *x}", "[{script: /bin/sh, args: \"'a b\"}]", "{script: 'a b', env: {A: [1, {b: null}]}}",
		"script: /bin/sh\nstdin: ~\ninstances: -1\nname: é", "\xff\xfea\x00", "? - : ", "!!binary x", "{a: '\\u{110000}\\ud800\\udc00'}",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	options := Options{Home: "/hub", Dir: "/", Env: []string{"PATH=/usr/bin:/bin", "HOME=/"}, EnvName: "production", CPUs: 2}
	f.Fuzz(func(t *testing.T, data []byte, asJSON bool) {
		name := "/x.yaml"
		if asJSON {
			name = "/x.json"
		}
		file, err := Parse(name, data)
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				t.Errorf("Parse looked at a file: %v", err)
			}
			return
		}
		specs, _, err := file.Resolve(options)
		if err != nil {
			return
		}
		for i := range specs {
			if err := specs[i].Validate(); err != nil {
				t.Errorf("resolved, but not valid: %v", err)
			}
		}
	})
}

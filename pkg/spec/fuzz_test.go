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
		"{script: /bin/sh, listen: 3012}", "{script: /bin/sh, cwd: /, listen: {http: ['*:80', '[::1]:81'], api: unix:~/a.sock}}", "{script: /bin/sh, listen: ['[::ffff:1.2.3.4]:1', 'unix:${HUB_HOME}/x', '0x50']}",
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

// FuzzParseAddress: what is read can be written and read again, and is no two
// things at once.
func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{"3012", "*:80", ":80", "127.0.0.1:80", "[::1]:80", "[::ffff:1.2.3.4]:80", "[fe80::1%eth0]:80", "unix:/run/a.sock", "localhost:80", "::1:80", "0", "65536"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAddress(text)
		if err != nil {
			return
		}
		if again, err := ParseAddress(a.String()); err != nil || again != a || !again.Meets(a) {
			t.Errorf("%q is %+v, and %q is %+v: %v", text, a, a.String(), again, err)
		}
		if a.Path == "" == (a.Port == 0) {
			t.Errorf("%q is %+v", text, a)
		}
	})
}

package spec

import (
	"fmt"
	"strings"
	"testing"
)

func TestListen(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node")
	for text, want := range map[string]string{
		"3012":                    "[{ *:3012}]",
		"'3012'":                  "[{ *:3012}]",
		"':80'":                   "[{ *:80}]",
		"'*:80'":                  "[{ *:80}]",
		"0.0.0.0:80":              "[{ 0.0.0.0:80}]",
		"'[0::1]:80'":             "[{ [::1]:80}]",
		"'[::ffff:127.0.0.1]:1'":  "[{ 127.0.0.1:1}]",
		"unix:/run//app.sock":     "[{ unix:/run/app.sock}]",
		"unix:run/app.sock":       "[{ unix:" + f.path("sub/run/app.sock") + "}]",
		"unix:~/app.sock":         "[{ unix:" + f.path("app.sock") + "}]",
		"'unix:${HUB_HOME}/a'":    "[{ unix:" + f.path("hub/a") + "}]",
		"[1, 127.0.0.1:2]":        "[{ *:1} { 127.0.0.1:2}]",
		"['0.0.0.0:1', '[::]:1']": "[{ 0.0.0.0:1} { [::]:1}]",
		"{http: 80, more: [81, unix:/a], 'a b': 8.8.8.8:1}": "[{http *:80} {more *:81} {more unix:/a} {a b 8.8.8.8:1}]",
		"[]": "[]", "{}": "[]", "": "[]",
	} {
		f.file("sub/app.js", "")
		s := f.one("- {script: app.js, cwd: sub, listen: " + text + "}")
		if got := fmt.Sprint(s.Listen); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
		if reload := s.Reload; (reload == ReloadOverlap) != (want != "[]") {
			t.Errorf("%s: reload is %q", text, reload)
		}
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if s := f.one("- {script: app.js, listen: 1, reload: restart}"); s.Reload != "" {
		t.Errorf("reload is %q, and the file says restart", s.Reload)
	}
}

func TestWrongListen(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node")
	for text, want := range map[string]string{
		"0":                             "a port from 1 to 65535",
		"'*:0'":                         "a port from 1 to 65535",
		"127.0.0.1:0":                   "a port from 1 to 65535",
		"65536":                         "a port from 1 to 65535",
		"-1":                            "want a port such as 3012",
		"127.0.0.1":                     "want a port such as 3012",
		"http":                          "want a port such as 3012",
		"example.org:80":                "want a port such as 3012",
		"localhost:80":                  "127.0.0.1:80 or [::1]:80",
		"'::1:80'":                      "brackets",
		"'[fe80::1%eth0]:80'":           "without a zone",
		"/run/app.sock":                 "unix:/run/app.sock",
		"'unix:'":                       "a path behind unix:",
		"true":                          "a list of these",
		"[[1]]":                         "found a list",
		"{http: {a: 1}}":                "http: found an object",
		"{'a:b': 1}":                    "without colons",
		"{'': 1}":                       "an empty name",
		"{é: 1}":                        "want ASCII",
		"[1, '*:1']":                    "*:1 twice",
		"[1, 127.0.0.1:1]":              "one includes the other",
		"[0.0.0.0:1, 127.0.0.1:1]":      "one includes the other",
		"{a: unix:/x, b: unix:/y/../x}": "unix:/x twice",
	} {
		_, _, err := f.resolve("x.yaml", "- {script: app.js}\n- {name: two, script: app.js,\n  listen: "+text+"}")
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `x.yaml:3: app "two": listen: `) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func TestAppsThatListenInOnePlace(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node")
	_, _, err := f.resolve("x.yaml", "- {name: one, script: app.js, listen: 80}\n- {name: two, script: app.js, listen: [81, 127.0.0.1:80]}")
	if err == nil || !strings.Contains(err.Error(), `x.yaml:2: app "two": listen: found 127.0.0.1:80, but app "one" listens there (*:80)`) {
		t.Errorf("got %v", err)
	}
	if _, _, err := f.resolve("x.yaml", "- {name: one, script: app.js, listen: 127.0.0.1:80}\n- {name: two, script: app.js, listen: ['[::1]:80', 127.0.0.2:80]}"); err != nil {
		t.Error(err)
	}
}

// What comes over the control API was not resolved by us.
func TestValidListen(t *testing.T) {
	t.Parallel()
	for _, l := range []Listener{{"", "80"}, {"", ""}, {"a:b", "*:80"}, {"", "unix:run/x"}, {"", "unix:/run/../x"}, {"", "[0::1]:80"}} {
		s := &Spec{Listen: []Listener{l}}
		if err := s.validListen(); err == nil {
			t.Errorf("%+v is taken", l)
		}
	}
	s := &Spec{Listen: []Listener{{"", "*:80"}, {"b", "*:80"}}}
	if err := s.validListen(); err == nil {
		t.Error("an address is taken twice")
	}
}

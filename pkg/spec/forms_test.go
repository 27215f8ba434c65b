package spec

import (
	"slices"
	"testing"
)

func TestForms(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node")
	for _, c := range []struct {
		file, text string
		names      []string
	}{
		{"a.yaml", "apps:\n- script: app.js\n- {script: app.js, name: b}", []string{"app", "b"}},
		{"a.yml", "apps:\n  script: app.js", []string{"app"}},
		{"package.json", `{"name": "x", "version": "1", "pm2": [{"script": "app.js"}]}`, []string{"app"}},
		{"a.json", `{pm2: {script: "app.js"}}`, []string{"app"}},
		{"a.json", `[{script: 'app.js'}, {script: 'app.js', name: 'b'}]`, []string{"app", "b"}},
		{"a.yaml", "- script: app.js", []string{"app"}},
		{"a.json", `{script: "app.js", deploy: {}}`, []string{"app"}},
		{"a.yaml", "apps: []", nil},
		{"a.yaml", "apps:", nil},
		{"a.json", "[]", nil},
		{"a.json", `{deploy: {production: {host: "x"}}}`, nil},
		{"a.yaml", "x-common: &c\n  script: app.js\napps:\n- <<: *c\n  name: one\n- <<: *c\n  name: two", []string{"one", "two"}},
	} {
		specs, warnings, err := f.resolve(c.file, c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		var names []string
		for _, s := range specs {
			names = append(names, s.Name)
		}
		if !slices.Equal(names, c.names) {
			t.Errorf("%s: got %q, want %q (%v)", c.text, names, c.names, warnings)
		}
	}
}

func TestUnreadableForms(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node")
	for _, c := range [][3]string{
		{"a.yaml", "just a text", `a.yaml:1: found "just a text"; want apps: and a list of apps below it`},
		{"a.yaml", "", "a.yaml:1: found nothing; want apps: and a list of apps below it"},
		{"a.json", "{}", `a.json:1: app "#1": script: is missing; want the program to run`},
		{"a.yaml", "apps: app.js", `a.yaml:1: apps: found "app.js"; want a list of apps`},
		{"a.yaml", "apps: [app.js]", `a.yaml:1: found "app.js" in the list of apps; want an object with script and name`},
		{"a.config.js", "", "a.config.js: JavaScript files come in a later release of hub; write the apps as .yaml or .json for now"},
		{"my.json.sh", "", "my.json.sh: want a file that ends in .yaml, .yml or .json"},
	} {
		_, _, err := f.resolve(c[0], c[1])
		if got := f.text(failure(t, err)); got != c[2] {
			t.Errorf("%s\n got %s\nwant %s", c[1], got, c[2])
		}
	}
}

func TestIsConfigFile(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"ecosystem.yaml": true, "x.yml": true, "dir/x.json": true, "ecosystem.config.js": true, "x.config.cjs": true,
		"x.config.mjs": true, "my.json.sh": false, "pm2.js": false, "app": false, "x.yaml.bak": false,
	} {
		if got := IsConfigFile(name); got != want {
			t.Errorf("IsConfigFile(%q) = %v", name, got)
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node")
	if _, err := Load(f.path("missing.yaml")); err == nil {
		t.Error("a missing file is read")
	}
	f.file("x.config.js", "")
	if _, err := Load(f.path("x.config.js")); err == nil {
		t.Error("a JavaScript file is read")
	}
	f.file("ok.yaml", "script: app.js")
	file, err := Load(f.path("ok.yaml"))
	if err != nil || file.Path != f.path("ok.yaml") || len(file.Apps) != 1 || file.Apps[0].Name != "app" {
		t.Errorf("got %+v, %v", file, err)
	}
}

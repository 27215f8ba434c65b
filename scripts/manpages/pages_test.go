package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestEveryCommandHasAPage(t *testing.T) {
	t.Parallel()
	all := pages("2026-01-02")
	for _, name := range []string{"man1/hubctl.1", "man1/hubctl-start.1", "man1/hubctl-startOrReload.1", "man8/hubd.8", "man8/hub-keeper.8"} {
		if all[name] == "" {
			t.Errorf("there is no %s", name)
		}
	}
	for name := range all {
		if strings.Contains(name, "__") || strings.Contains(name, "help") {
			t.Errorf("%s is the page of a command that is not for users", name)
		}
	}
	start := all["man1/hubctl-start.1"]
	for _, want := range []string{
		".TH \"HUBCTL\\-START\" \"1\" \"2026-01-02\" \"hub ",
		`\fB\-n\fR, \fB\-\-name\fR \fIstring\fR`,
		`\fBhubctl start\fR [target…]`,
	} {
		if !strings.Contains(start, want) {
			t.Errorf("hubctl-start.1 lacks %q", want)
		}
	}
	if kill := all["man1/hubctl-sendSignal.1"]; !strings.Contains(kill, "<signal>") {
		t.Error("hubctl-sendSignal.1 has lost its arguments")
	}
}

// TestHubdPage compares the page that is written by hand with hubd's flags.
func TestHubdPage(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../../cmd/hubd/main.go")
	if err != nil {
		t.Fatal(err)
	}
	flags := regexp.MustCompile(`f\.\w+Var\(&\S+ "([a-z-]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(flags) == 0 {
		t.Fatal("cmd/hubd/main.go defines no flags")
	}
	for _, flag := range flags {
		if name := flag[1]; name != "kept" && !strings.Contains(hubdPage, `\fB`+plain("--"+name)+`\fR`) {
			t.Errorf("hubd.8 lacks --%s", name)
		}
	}
}

// TestRendered lets groff complain about the pages.
func TestRendered(t *testing.T) {
	t.Parallel()
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is missing")
	}
	dir := t.TempDir()
	if err := write(dir, pages("2026-01-02")); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(dir + "/man[18]/h*")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d pages, %v", len(files), err)
	}
	for _, file := range files {
		cmd := exec.CommandContext(t.Context(), groff, "-man", "-Tutf8", "-K", "utf8", "-ww", "-z", file)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", filepath.Base(file), err, out)
		}
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	if got, want := plain("a-b\n.yaml \\ 'x'"), "a\\-b\n\\&.yaml \\e \\(aqx\\(aq"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestSourceDate(t *testing.T) {
	t.Parallel()
	if got, err := sourceDate("1767312000"); got != "2026-01-02" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := sourceDate(""); got != "" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := sourceDate("today"); err == nil {
		t.Error("a word is taken for a time")
	}
}

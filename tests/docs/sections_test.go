package docs

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the generated parts of docs/ anew")

const root = "../.."

// section is a part of a page that is generated: it stands between two comment
// lines that name it.
type section struct{ name, text string }

func (s section) begin() string { return "<!-- generated: " + s.name + ", by make docs -->\n" }
func (s section) end() string   { return "<!-- end: " + s.name + " -->\n" }

// checkPage compares the generated parts of a page in docs/ with what they
// should be, or writes them.
func checkPage(t *testing.T, name string, sections ...section) {
	t.Helper()
	path := filepath.Join(root, "docs", name)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	for _, s := range sections {
		if page, err = s.put(page); err != nil {
			t.Fatalf("docs/%s: %v", name, err)
		}
	}
	if page == string(data) {
		return
	}
	if !*update {
		t.Fatalf("docs/%s is not what the code says: run make docs\n%s", name, firstDifference(string(data), page))
	}
	if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
}

// put returns the page with the section's text.
func (s section) put(page string) (string, error) {
	before, rest, ok := strings.Cut(page, s.begin())
	_, after, closed := strings.Cut(rest, s.end())
	if !ok || !closed {
		return "", fmt.Errorf("want the lines\n%s%s", s.begin(), s.end())
	}
	return before + s.begin() + "\n" + strings.TrimSpace(s.text) + "\n\n" + s.end() + after, nil
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d is   %s\nshould be %s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("it has %d lines and should have %d", len(g), len(w))
}

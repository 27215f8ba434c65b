package docs

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// docs/sharp-edges.md names tests and scripts: all of them exist.
func TestSharpEdgesNameTests(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/sharp-edges.md")
	if err != nil {
		t.Fatal(err)
	}
	tests, scripts := testNames(t), make(map[string]bool)
	files, err := filepath.Glob("../e2e/testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		scripts[strings.TrimSuffix(filepath.Base(file), ".txtar")] = true
	}
	notScripts := map[string]bool{ // other words with an underscore
		"max_restarts": true, "memory_interval": true, "merge_logs": true, "oom_score_adj": true, "cron_restart": true,
		"increment_var": true, "keys_test": true, "json_test": true, "fuzz_test": true, "combined_test": true,
		"log_max_size": true, "pm2_env": true,
	}
	var rows []string
	for line := range strings.Lines(string(doc)) {
		if cells := strings.Split(line, " | "); len(cells) == 3 && strings.HasPrefix(line, "| ") {
			rows = append(rows, cells[2])
		}
	}
	if len(rows) < 100 {
		t.Fatalf("only %d rows were found", len(rows))
	}
	for _, row := range rows {
		for _, name := range regexp.MustCompile(`\b(Test|Fuzz|Benchmark)\w+\*?`).FindAllString(row, -1) {
			prefix, open := strings.CutSuffix(name, "*")
			if !bytes.Contains(tests, []byte("func "+prefix+"(")) && !(open && bytes.Contains(tests, []byte("func "+prefix))) {
				t.Errorf("there is no %s", name)
			}
		}
		for _, name := range regexp.MustCompile(`\b[a-z0-9]+(_[a-z0-9]+)+\b`).FindAllString(row, -1) {
			if !scripts[name] && !notScripts[name] {
				t.Errorf("there is no script %s", name)
			}
		}
		// Names of one word stand alone between commas; remarks are in brackets.
		plain := regexp.MustCompile(`\([^)]*\)`).ReplaceAllString(row, "")
		for _, name := range regexp.MustCompile(`(?:^|, )([a-z0-9]+)(?:,|;| \|)`).FindAllStringSubmatch(plain, -1) {
			if !scripts[name[1]] && name[1] != "later" {
				t.Errorf("there is no script %s", name[1])
			}
		}
	}
}

// testNames returns the text of all test files.
func testNames(t *testing.T) []byte {
	t.Helper()
	var all bytes.Buffer
	for _, root := range []string{"../../pkg", "../../cmd", "../../tests", "../../apps"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			all.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.Bytes()
}

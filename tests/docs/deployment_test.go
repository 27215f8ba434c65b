package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDeploymentTables compares the tables of docs/production-deployment.md with the
// files that they explain.
func TestDeploymentTables(t *testing.T) {
	t.Parallel()
	apps := readFile(t, "ecosystem.yaml")
	hub, _, _ := strings.Cut(apps, "\n\n") // the other app comes behind an empty line
	var settings [][]string
	for _, key := range regexp.MustCompile(`(?m)^  [- ] (\w+):(.*)$`).FindAllStringSubmatch(hub, -1) {
		value, _, _ := strings.Cut(key[2], " #")
		settings = append(settings, []string{key[1], strings.TrimSpace(value)})
	}
	var variables [][]string
	for _, name := range regexp.MustCompile(`(?m)^#?([A-Z_]+)=`).FindAllStringSubmatch(readFile(t, "apps/central-hub/.env.example"), -1) {
		variables = append(variables, []string{name[1]})
	}
	for heading, want := range map[string][][]string{"Settings in ecosystem.yaml": settings, "Environment": variables} {
		if len(want) < 10 {
			t.Fatalf("%s: found only %v", heading, want)
		}
		rows := rowsUnder(readFile(t, "docs/production-deployment.md"), heading)
		for _, cells := range want {
			i := slices.IndexFunc(rows, func(row []string) bool { return row[0] == "`"+cells[0]+"`" })
			switch {
			case i < 0:
				t.Errorf("the table under %q lacks %s", heading, cells[0])
			// env is a section and has no value of its own.
			case len(cells) > 1 && cells[1] != "" && rows[i][1] != "`"+cells[1]+"`":
				t.Errorf("the table under %q says %s for %s, and the file %s", heading, rows[i][1], cells[0], cells[1])
			}
		}
		if len(rows) != len(want)+1 {
			t.Errorf("the table under %q has %d rows, and there are %d", heading, len(rows)-1, len(want))
		}
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// rowsUnder returns the cells of the first table under a heading, that of the head too.
func rowsUnder(page, heading string) (rows [][]string) {
	_, page, _ = strings.Cut(page, "\n## "+heading+"\n")
	for line := range strings.Lines(page) {
		switch {
		case strings.HasPrefix(line, "|---"):
		case strings.HasPrefix(line, "|"):
			cells := strings.Split(strings.Trim(line, "|\n"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows = append(rows, cells)
		case len(rows) > 0, strings.HasPrefix(line, "## "):
			return rows
		}
	}
	return rows
}

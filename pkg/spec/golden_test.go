package spec

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGoldenProblems compares all problems and warnings of a wrong file with
// its golden text.
func TestGoldenProblems(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/wrong.*[nl]")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		if filepath.Ext(path) == ".golden" {
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			f := newFixture(t, "node")
			f.file("sub/x", "")
			f.file("x.rb", "")
			f.file("123.js", "")
			_, warnings, err := f.resolve(filepath.Base(path), string(data))
			got := f.text(failure(t, err)) + "\n--- warnings\n" + f.text(warnings) + "\n"
			golden := path + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

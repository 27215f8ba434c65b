package release

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// FuzzExtract gives anything for a tarball's content: no file may be written but
// the three programs.
func FuzzExtract(f *testing.F) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range Programs {
		if err := w.WriteHeader(&tar.Header{Name: "h/bin/" + name, Size: machineEnd, Typeflag: tar.TypeReg}); err != nil {
			f.Fatal(err)
		}
		if _, err := w.Write([]byte(elf(62, ""))); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		parent := t.TempDir()
		dir := filepath.Join(parent, "stage")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		_ = extract(tar.NewReader(bytes.NewReader(data)), dir)
		if got := names(t, parent); got != "stage" {
			t.Errorf("files beside the stage: %s", got)
		}
		for _, name := range strings.Fields(names(t, dir)) {
			if !slices.Contains(Programs[:], name) {
				t.Errorf("a file %s", name)
			}
		}
	})
}

package release

import (
	"archive/tar"
	"bytes"
	"io"
	"slices"
	"testing"
)

// FuzzExtract gives anything for a tarball's content: there is nothing in it but
// the three programs, once each and of a size that fits on a disk.
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
		var found []string
		err := extract(tar.NewReader(bytes.NewReader(data)), func(name string, from io.Reader) error {
			if !slices.Contains(Programs[:], name) || slices.Contains(found, name) {
				t.Errorf("%q, after %q", name, found)
			}
			found = append(found, name)
			n, err := io.CopyN(io.Discard, from, maxProgram+1)
			if n > maxProgram {
				t.Errorf("%s has %d bytes or more", name, n)
			}
			if err == io.EOF {
				err = nil
			}
			return err
		})
		if err == nil && len(found) != len(Programs) {
			t.Errorf("no error, and only %q", found)
		}
	})
}

package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// newInstalled makes a place whose programs lie in DIR/bin.
func newInstalled(t *testing.T) *place {
	t.Helper()
	p := newPlace(t)
	bin := filepath.Join(p.sys.Dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"hubctl", "hubd", "hub-keeper"} {
		writeFile(t, p, "bin/"+name, "old")
	}
	p.sys.Hubd = filepath.Join(bin, "hubd")
	return p
}

func TestUpdateFromWithoutChecksum(t *testing.T) {
	t.Parallel()
	p := newInstalled(t)
	writeFile(t, p, "x.tar.gz", "no archive")
	p.run(t, "update", "--from", "x.tar.gz").check(t, 1, "",
		"[hub][ERROR] no checksum of x.tar.gz in DIR/x.tar.gz.sha256 or DIR/SHA256SUMS\n"+
			"  hint: get SHA256SUMS from where the archive is from, or give the checksum: --checksum HEX\n")
	p.run(t, "update", "--from", "x.tar.gz", "--checksum", "12").check(t, 1, "",
		"[hub][ERROR] \"12\" is no SHA-256: want 64 hexadecimal digits\n")
	p.run(t, "update", "--checksum", "12").check(t, 1, "",
		"[hub][ERROR] --checksum without an archive\n  hint: name it: --from FILE\n")
}

func TestUpdateFromNoArchive(t *testing.T) {
	t.Parallel()
	p := newInstalled(t)
	writeFile(t, p, "x.tar.gz", "no archive")
	const sum = "cf3ef8dfdbae3b1bfc16fb1e1be3c1d4e9e0ac0f5bcdffd0bcbb4b9d43d4c1d6" // of something else
	r := p.run(t, "update", "--from", "x.tar.gz", "--checksum", sum)
	if r.code != 1 {
		t.Errorf("exit code %d, want 1", r.code)
	}
	contains(t, r.stderr, "DIR/x.tar.gz is not what was published: its SHA-256 is ")
	contains(t, r.stderr, "hint: nothing has been changed")
	left, err := filepath.Glob(filepath.Join(p.sys.Dir, "bin", ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestUpdateFromFolderOfOthers(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	p := newInstalled(t)
	bin := filepath.Dir(p.sys.Hubd)
	if err := os.Chmod(bin, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Chmod(bin, 0o755); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	})
	writeFile(t, p, "x.tar.gz", "no archive")
	r := p.run(t, "update", "--from", "x.tar.gz", "--checksum", "cf3ef8dfdbae3b1bfc16fb1e1be3c1d4e9e0ac0f5bcdffd0bcbb4b9d43d4c1d6")
	contains(t, r.stderr, "permission denied")
	contains(t, r.stderr, "hint: run it as the user who has installed them")
}

func TestPackaged(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	writeFile(t, p, "hubd.list", "/.\n/usr\n/usr/bin\n/usr/bin/hubctl\n/usr/bin/hubd\n")
	list := filepath.Join(p.sys.Dir, "hubd.list")
	for dir, want := range map[string]bool{"/usr/bin": true, "/usr/local/bin": false, "/usr": false, "/": false} {
		if packaged(list, dir) != want {
			t.Errorf("%s is packaged: %t", dir, !want)
		}
	}
	if packaged(list+".none", "/usr/bin") {
		t.Error("packaged, on a machine without dpkg")
	}
}

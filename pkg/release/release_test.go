package release

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// elf is the start of a program for a machine, and a text behind it.
func elf(machine uint16, text string) string {
	b := make([]byte, machineEnd)
	copy(b, "\x7fELF")
	binary.LittleEndian.PutUint16(b[18:], machine)
	return string(b) + text
}

// here is the number of the machine that the tests run on.
func here(t *testing.T) uint16 {
	t.Helper()
	switch runtime.GOARCH {
	case "amd64":
		return 62
	case "arm64":
		return 183
	}
	t.Skip("no release is for " + runtime.GOARCH)
	return 0
}

type entry struct {
	name, text string
	kind       byte
	link       string
}

// whole are the entries of a good archive.
func whole(t *testing.T, version string) []entry {
	t.Helper()
	all := []entry{{name: "hub_1/", kind: tar.TypeDir}, {name: "hub_1/share/doc/hub/README.md", text: "read me"}}
	for _, name := range Programs {
		all = append(all, entry{name: "hub_1/bin/" + name, text: elf(here(t), name+" "+version)})
	}
	return all
}

// pack writes an archive and returns its path and checksum.
func pack(t *testing.T, entries []entry) (path, sum string) {
	t.Helper()
	var b bytes.Buffer
	zipped := gzip.NewWriter(&b)
	archive := tar.NewWriter(zipped)
	for _, e := range entries {
		head := &tar.Header{Name: e.name, Mode: 0o4777, Size: int64(len(e.text)), Typeflag: tar.TypeReg, Linkname: e.link}
		if e.kind != 0 {
			head.Typeflag = e.kind
		}
		if err := archive.WriteHeader(head); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return store(t, b.Bytes())
}

func store(t *testing.T, data []byte) (path, sum string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "hub_1_linux_amd64.tar.gz")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(data)
	return path, hex.EncodeToString(hash[:])
}

func names(t *testing.T, dir string) string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range files {
		all = append(all, f.Name())
	}
	return strings.Join(all, " ")
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	archive, sum := pack(t, whole(t, "1"))
	dir := t.TempDir()
	if err := Unpack(archive, sum, dir); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); got != "hub-keeper hubctl hubd" {
		t.Errorf("unpacked %s", got)
	}
	for _, name := range Programs {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode() != 0o755 {
			t.Errorf("%s: %v, %v; want mode 755, whatever the archive says", name, info.Mode(), err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "hubd"))
	if want := elf(here(t), "hubd 1"); string(text) != want || err != nil {
		t.Errorf("hubd is %q, %v; want %q", text, err, want)
	}
}

func TestUnpackRefuses(t *testing.T) {
	t.Parallel()
	good := whole(t, "1")
	with := func(more ...entry) []entry { return append(good[:len(good):len(good)], more...) }
	for name, c := range map[string]struct {
		entries []entry
		want    string
	}{
		"traversal":       {with(entry{name: "hub_1/../../etc/passwd", text: "x"}), `its entry "hub_1/../../etc/passwd" leads out of the folder`},
		"absolute":        {with(entry{name: "/etc/passwd", text: "x"}), `its entry "/etc/passwd" leads out`},
		"symbolic link":   {with(entry{name: "hub_1/bin/x", kind: tar.TypeSymlink, link: "/etc/passwd"}), "neither a file nor a folder"},
		"hard link":       {with(entry{name: "hub_1/bin/x", kind: tar.TypeLink, link: "/etc/passwd"}), "neither a file nor a folder"},
		"linked program":  {[]entry{{name: "hub_1/bin/hubd", kind: tar.TypeSymlink, link: "/bin/true"}}, "neither a file nor a folder"},
		"device":          {with(entry{name: "hub_1/null", kind: tar.TypeChar}), "neither a file nor a folder"},
		"a program twice": {with(entry{name: "hub_2/bin/hubd", text: elf(here(t), "")}), "it has hubd twice"},
		"one is missing":  {good[:len(good)-1], "it lacks hub-keeper"},
		"nothing":         {nil, "it lacks hubctl, hubd, hub-keeper"},
		"wrong machine":   {[]entry{{name: "hub_1/bin/hubd", text: elf(243, "riscv")}}, "hubd: it is for ELF machine 243, and this machine is " + runtime.GOARCH},
		"other machine":   {[]entry{{name: "hub_1/bin/hubd", text: elf(62+183-here(t), "")}}, "and this machine is " + runtime.GOARCH},
		"a script":        {[]entry{{name: "hub_1/bin/hubd", text: "#!/bin/sh\nexec true, and so on"}}, "hubd: it is no program"},
		"an empty file":   {[]entry{{name: "hub_1/bin/hubd"}}, "read hubd: EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			archive, sum := pack(t, c.entries)
			refused(t, archive, sum, c.want)
		})
	}
}

// TestExtractHuge has a file of a terabyte, or so it says.
func TestExtractHuge(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	head := &tar.Header{Name: "hub_1/bin/hubd", Size: 1 << 40, Typeflag: tar.TypeReg}
	if err := w.WriteHeader(head); err != nil {
		t.Fatal(err)
	}
	err := extract(tar.NewReader(&b), func(string, io.Reader) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "has more than 128 MiB") {
		t.Errorf("got %v", err)
	}
}

func TestUnpackDamaged(t *testing.T) {
	t.Parallel()
	archive, sum := pack(t, whole(t, "1"))
	data, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	refused(t, archive, strings.Repeat("0", sumSize), "is not what was published: its SHA-256 is "+sum)
	cut, ofCut := store(t, data[:len(data)-20])
	refused(t, cut, sum, "is not what was published")
	refused(t, cut, ofCut, "unexpected EOF")
	text, ofText := store(t, []byte("<html>not found</html>"))
	refused(t, text, ofText, "gzip: invalid header")
	refused(t, t.TempDir(), sum, "is no regular file")
	refused(t, filepath.Join(t.TempDir(), "x"), sum, "no such file")
}

func refused(t *testing.T, archive, sum, want string) {
	t.Helper()
	err := Unpack(archive, sum, t.TempDir())
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q in it", err, want)
	}
}

func TestPlace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "old")
	left := filepath.Join(dir, ".hub-update-1")
	write(t, left, "half")
	p, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("what an update that was killed has left is still there")
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "another update is at work in "+dir) {
		t.Errorf("a second update at the same time: %v", err)
	}
	write(t, p.Stage, "new")
	if err := p.Replace(); err != nil {
		t.Fatal(err)
	}
	installed(t, dir, "new")
	if err := p.Restore(); err != nil {
		t.Fatal(err)
	}
	installed(t, dir, "old")
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); got != "hub-keeper hubctl hubd" {
		t.Errorf("left in the folder: %s", got)
	}
}

// TestReplaceHalf has a new program missing, so that the second rename fails.
func TestReplaceHalf(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "old")
	p, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	write(t, p.Stage, "new")
	if err := os.Remove(filepath.Join(p.Stage, "hubd")); err != nil {
		t.Fatal(err)
	}
	if err := p.Replace(); err == nil || !strings.Contains(err.Error(), "replace hubd") {
		t.Errorf("a program is missing, and Replace says %v", err)
	}
	installed(t, dir, "old")
}

// TestReplaceFirst installs into a folder that has nothing yet.
func TestReplaceFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	write(t, p.Stage, "new")
	if err := p.Replace(); err != nil {
		t.Fatal(err)
	}
	installed(t, dir, "new")
	if err := p.Restore(); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); got != filepath.Base(p.Stage) {
		t.Errorf("left in the folder: %s", got)
	}
}

func write(t *testing.T, dir, text string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range Programs {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func installed(t *testing.T, dir, want string) {
	t.Helper()
	for _, name := range Programs {
		if text, err := os.ReadFile(filepath.Join(dir, name)); string(text) != want || err != nil {
			t.Errorf("%s is the %s one, %v; want the %s one", name, text, err, want)
		}
	}
}

func TestOpenRefused(t *testing.T) {
	t.Parallel()
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !os.IsNotExist(err) {
		t.Errorf("got %v, want %v", err, fs.ErrNotExist)
	}
}

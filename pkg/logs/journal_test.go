package logs

import (
	"encoding/binary"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestJournalIsSmall(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal")
	j := openJournal(path, slog.New(slog.DiscardHandler))
	defer j.close()
	for pipe := range uint64(1000) {
		for n := range 2 { // an app's streams
			j.allot(claim{2*pipe + uint64(n) + 1, 0}, identity{}, mark{})
		}
	}
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if st.Size() > 300<<10 || st.Size() != j.size {
		t.Errorf("1000 apps have a journal of %d bytes, %d of them known", st.Size(), j.size)
	}
	if st.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %o", st.Mode().Perm())
	}
}

func TestSlotsAreUsedAgain(t *testing.T) {
	t.Parallel()
	f := journaled(t)
	for range 100 {
		f.stream("out.log", "").finish()
	}
	if size := f.journal.size; size > int64(2*os.Getpagesize()) {
		t.Errorf("one stream at a time has a journal of %d bytes", size)
	}
	again := f.successor()
	if n := len(again.journal.left); n > 0 {
		t.Errorf("%d slots of streams that have ended are left", n)
	}
}

// What is not a journal, or one of another boot, is none.
func TestStrangeJournals(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(b []byte) []byte{
		"empty":        func([]byte) []byte { return nil },
		"cut off":      func(b []byte) []byte { return b[:len(b)-1] },
		"head only":    func(b []byte) []byte { return b[:100] },
		"another boot": func(b []byte) []byte { b[len(journalVersion)]++; return b },
		"another kind": func(b []byte) []byte { b[0]++; return b },
		"noise": func(b []byte) []byte {
			for i := os.Getpagesize(); i < len(b); i++ {
				b[i] = byte(rand.Int())
			}
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			old := journaled(t)
			s := old.stream("out.log", "[T]")
			s.write("begun")
			s.sync()
			old.frozen()
			b, err := os.ReadFile(old.path("journal"))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(old.path("journal")); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(old.path("journal"), change(b), 0o600); err != nil {
				t.Fatal(err)
			}
			f := old.successor()
			s = f.adopt(s)
			f.adopted()
			s.write("line\n")
			s.sync()
			f.want("out.log", "T: begun\nT: line\n")
		})
	}
}

// A slot with any content does no harm but to its lines.
func FuzzSlot(f *testing.F) {
	f.Add(make([]byte, slotSize), "line\n")
	f.Fuzz(func(t *testing.T, content []byte, text string) {
		old := journaled(t)
		s := old.stream("out.log", "[T]")
		s.sync()
		old.frozen()
		pipe := binary.NativeEndian.AppendUint64(nil, s.in.pipe)
		b, err := os.ReadFile(old.path("journal"))
		if err != nil {
			t.Fatal(err)
		}
		if at := strings.Index(string(b[os.Getpagesize():]), string(pipe)); at >= 0 {
			copy(b[os.Getpagesize()+at+8+16:], content[:min(len(content), slotSize-24)])
		} else {
			t.Fatal("there is no slot")
		}
		if err := os.WriteFile(old.path("journal"), b, 0o600); err != nil {
			t.Fatal(err)
		}
		next := old.successor()
		s = next.adopt(s)
		next.adopted()
		s.write(text)
		s.finish()
	})
}

// Where there can be no journal, that is said once, and lines go on.
func TestNoJournal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "none", "journal"), "/dev/full"} {
		f := startIn(t, t.TempDir(), path)
		for range 40 { // more than a page of slots
			f.stream("out.log", "").write("line\n")
		}
		f.until("out.log", func(text string) bool { return text == strings.Repeat("line\n", 40) })
		if n := f.log.count("no journal"); n != 1 {
			t.Errorf("%s: it is said %d times", path, n)
		}
	}
}

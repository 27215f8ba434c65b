package stats

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing"
)

const statTail = "0 -1 4194304 5875 1659 0 353 30 12 5638 1069 20 0 3 0 59370 5582848 1048 18446744073709551615 1 1"

func TestParseStat(t *testing.T) {
	t.Parallel()
	want := Proc{PID: 42, PPID: 7, PGID: 41, SID: 40, State: 'S', Threads: 3, Start: 59370, CPU: 42, RSS: 1048 * pageSize}
	for _, name := range []string{"bash", "", ") (", "a b) R 1 1 1", "((", "\n", "\xff"} {
		line := fmt.Sprintf("42 (%s) S 7 41 40 %s\n", name, statTail)
		if got, ok := parseStat([]byte(line)); !ok || got != want {
			t.Errorf("%q: %+v, %t, want %+v", name, got, ok, want)
		}
		for cut := range len(line) - len(" 18446744073709551615 1 1\n") - len("1048") {
			if got, ok := parseStat([]byte(line[:cut])); ok {
				t.Fatalf("%q: a line cut at %d gave %+v", name, cut, got)
			}
		}
	}
	for _, line := range []string{"", "x", "x (y) S 7 41 40 " + statTail, "42 (y) S 7 x 40 " + statTail, ") (", "1 )"} {
		if got, ok := parseStat([]byte(line)); ok {
			t.Errorf("%q gave %+v", line, got)
		}
	}
}

func TestDead(t *testing.T) {
	t.Parallel()
	for p, want := range map[Proc]bool{
		{State: 'S', Threads: 1}: false,
		{State: 'Z', Threads: 1}: true,
		{State: 'Z', Threads: 4}: false, // the first thread has ended, the program has not
		{State: 'X', Threads: 0}: true,
	} {
		if got := p.Dead(); got != want {
			t.Errorf("%c with %d threads: Dead() = %t", p.State, p.Threads, got)
		}
	}
}

func FuzzStat(f *testing.F) {
	f.Add([]byte("42 (a) (b) S 7 41 40 " + statTail))
	f.Add([]byte("1 (x) Z 0 0 0 0 -1"))
	f.Add([]byte("- () "))
	f.Fuzz(func(t *testing.T, line []byte) {
		p, ok := parseStat(line)
		if ok && bytes.IndexByte(line, p.State) < 0 {
			t.Errorf("%q: state %q", line, p.State)
		}
		if !ok && p != (Proc{}) {
			t.Errorf("%q: not ok, yet %+v", line, p)
		}
	})
}

func TestReadProc(t *testing.T) {
	t.Parallel()
	p, err := ReadProc(os.Getpid())
	if err != nil || int(p.PID) != os.Getpid() || int(p.PPID) != os.Getppid() || p.RSS <= 0 || p.Start == 0 {
		t.Errorf("own process: %+v, %v", p, err)
	}
	if _, err := ReadProc(1 << 30); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such process: %v", err)
	}
}

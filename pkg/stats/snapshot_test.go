package stats

import (
	"slices"
	"testing"
	"time"
)

func TestPassSkipsWhatItCannotRead(t *testing.T) {
	t.Parallel()
	_, snap := recorded(t)
	if got, want := pids(slices.Collect(snap.All())), "1 100 200 201 202 203 204 205 206 301"; got != want {
		t.Errorf("processes %s, want %s", got, want)
	}
	if snap.Len() != 10 {
		t.Errorf("Len() = %d", snap.Len())
	}
	if p, ok := snap.Proc(200); !ok || p.CPU != 350 || p.RSS != 10000*pageSize || p.Threads != 11 {
		t.Errorf("process 200: %+v, %t", p, ok)
	}
	for _, pid := range []int{0, -1, 300, 400, 401} {
		if p, ok := snap.Proc(pid); ok {
			t.Errorf("process %d: %+v", pid, p)
		}
	}
}

func TestTree(t *testing.T) {
	t.Parallel()
	_, snap := recorded(t)
	tests := []struct {
		name  string
		pid   int
		start uint64
		want  string
	}{
		{"children, session, sessions of children", 200, 5000, "200 201 202 206 203 204"},
		{"main process has ended", 300, 5555, "301"},
		{"number belongs to another process now", 200, 4999, ""},
		{"no such process", 999, 1, ""},
		{"leaf", 205, 5050, "205"},
	}
	for _, tt := range tests {
		if got := pids(snap.Tree(tt.pid, tt.start)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := RSS(snap.Tree(200, 5000)); got != 10800*pageSize {
		t.Errorf("RSS = %d pages", got/pageSize)
	}
}

func TestTreeEndsWhenParentsFormACircle(t *testing.T) {
	t.Parallel()
	// Impossible in one instant, but a pass takes longer than an instant.
	snap := newSnapshot(time.Now(), time.Hour, []Proc{
		{PID: 3, PPID: 2, SID: 2}, {PID: 2, PPID: 3, SID: 2, Start: 1}, {PID: 4, PPID: 4, SID: 3},
	})
	if got := pids(snap.Tree(2, 1)); got != "2 3" {
		t.Errorf("tree %q", got)
	}
}

func TestTreeOfRealProcesses(t *testing.T) {
	t.Parallel()
	s := NewScanner()
	mark := "home:tree:1"
	f := startFamily(t, "app", mark, 4)
	main := f.cmd.Process.Pid
	in := func(tree []Proc, role string) bool {
		return slices.ContainsFunc(tree, func(p Proc) bool { return int(p.PID) == f.pids[role] })
	}

	snap := scan(t, s)
	tree := snap.Tree(main, f.start)
	for role, want := range map[string]bool{"app": true, "child": true, "leader": true, "daemonised": false} {
		if in(tree, role) != want {
			t.Errorf("%s in tree: %t, want %t (%s)", role, !want, want, pids(tree))
		}
	}
	if tree[0].PID != int32(main) || RSS(tree) < tree[0].RSS*2 {
		t.Errorf("tree %s, %d bytes", pids(tree), RSS(tree))
	}
	if got, _ := s.Marked(snap, "home:tree:"); len(got) != 4 || !in(got, "daemonised") {
		t.Errorf("marked %s, want the four of %v", pids(got), f.pids)
	}

	if err := f.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.cmd.Process.Wait(); err != nil {
		t.Fatal(err)
	}
	snap = scan(t, s)
	tree = snap.Tree(main, f.start)
	if in(tree, "app") || !in(tree, "child") {
		t.Errorf("after the main process: tree %s of %v", pids(tree), f.pids)
	}
	if got, _ := s.Marked(snap, mark); len(got) != 3 {
		t.Errorf("after the main process: marked %s of %v", pids(got), f.pids)
	}
}

func thousand() []Proc {
	procs := []Proc{{PID: 1}}
	for pid := int32(2); pid < 1002; pid += 2 {
		procs = append(procs,
			Proc{PID: pid, PPID: 1, SID: pid, Start: 1}, Proc{PID: pid + 1, PPID: pid, SID: pid, Start: 2})
	}
	return procs
}

func BenchmarkTrees500(b *testing.B) {
	procs := thousand()
	b.ReportAllocs()
	for b.Loop() {
		snap := newSnapshot(time.Time{}, 0, procs)
		g := snap.Gatherer()
		for pid := 2; pid < 1002; pid += 2 {
			g.Reset()
			g.Add(pid, 1)
			if len(g.Found()) != 2 {
				b.Fatal("wrong tree")
			}
		}
	}
}

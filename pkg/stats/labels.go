package stats

// barred is the label of a process that has none and hands none down.
const barred = -1

// Labels hold a number for each process of a snapshot, by which processes that
// belong together are known. 0 is none.
type Labels struct {
	snapshot *Snapshot
	labels   []int32 // by place in the snapshot
	seen     []bool  // places whose label is final, or is being looked for
	orphan   func(Proc) int32
}

// Labels asks first for the label of each process, by PID, and lets those for
// which that is 0 inherit: from their parent, else orphan decides, else from
// the leader of their session. A negative label is none, and is not inherited
// from nor asked for again.
func (s *Snapshot) Labels(first, orphan func(Proc) int32) *Labels {
	l := &Labels{s, make([]int32, len(s.procs)), make([]bool, len(s.procs)), orphan}
	for n, p := range s.procs {
		l.labels[n] = max(first(p), barred)
		l.seen[n] = l.labels[n] != 0
	}
	for n := range s.procs {
		l.resolve(n)
	}
	return l
}

// Of returns the label of a process of the snapshot, 0 for none.
func (l *Labels) Of(p Proc) int {
	if n, ok := l.snapshot.find(p.PID); ok {
		return int(max(l.labels[n], 0))
	}
	return 0
}

// resolve returns the label of a place. One that is asked for while it is looked
// for has none: a pass takes longer than an instant, so parents may form a circle.
func (l *Labels) resolve(n int) int32 {
	if l.seen[n] {
		return l.labels[n]
	}
	l.seen[n] = true
	p := l.snapshot.procs[n]
	label := l.from(p.PPID)
	if label <= 0 {
		label = l.orphan(p)
	}
	if label <= 0 && p.SID != p.PID {
		label = l.from(p.SID)
	}
	l.labels[n] = max(label, 0)
	return l.labels[n]
}

func (l *Labels) from(pid int32) int32 {
	if n, ok := l.snapshot.find(pid); ok {
		return l.resolve(n)
	}
	return 0
}

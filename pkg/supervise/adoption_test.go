package supervise

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/spec"
	"golang.org/x/sys/unix"
)

// forkless makes a record that of a launch which was under way.
func forkless(l *left) {
	rec := l.list[0].Record
	rec.State, rec.RecordedLaunch = Launching, RecordedLaunch{LaunchedAt: rec.LaunchedAt}
}

// The daemon died between the fork and the record of it: the process is found by
// its mark, and not launched again.
func TestFindLaunchInTheAir(t *testing.T) {
	t.Parallel()
	kept(t, func(r *rig) {
		s := r.app("app", echo, func(s *spec.Spec) { s.IPC = true })
		i := r.one(s)
		pid := i.Status().PID
		if k, ok := r.Keeper.(*holder); ok {
			k.forget(i.key(1))
		}
		r.die()
		n := r.next(forkless)
		next := n.only()
		if st := next.Status(); st.PID != pid || st.State != Online || st.Generation != 1 || st.Restarts != 0 {
			r.Errorf("%+v", st)
		}
		n.say(pid, "goes on")
		n.line(s.LogPath(s.OutFile, 0), "goes on")
		if marked := n.marked(i.UUID); len(marked) != 1 {
			r.Errorf("there are %v", marked)
		}
		n.act(next, "stop")
	})
}

// The daemon died after the keeper had the pid and before it was on record.
func TestFindLaunchByTheKeeper(t *testing.T) {
	t.Parallel()
	for name, pidfd := range map[string]bool{"pidfd": true, "pid alone": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newHolder(t)
			r := newKeptRig(t, k)
			i := r.one(r.app("app", echo))
			r.die()
			if !pidfd {
				k.Release(i.key(1), keeper.PidFD)
			}
			n := r.next(forkless)
			st := n.only().Status()
			if st.PID != i.Status().PID || st.started != i.Status().started || st.Generation != 1 {
				t.Errorf("%+v", st)
			}
			n.act(n.only(), "stop")
		})
	}
}

// A process that a process of the app has started in a session of its own is not
// taken for the main one.
func TestFindLaunchNotItsChild(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	word, said := r.fifo("pid")
	i := r.one(r.app("app", "setsid sh -c 'echo $$ >"+word+"; exec sleep 1000' & echo up; read x"))
	said()
	r.die()
	n := r.next(forkless)
	if st := n.only().Status(); st.PID != i.Status().PID {
		t.Errorf("taken for it: %d, it is %d", st.PID, i.Status().PID)
	}
}

// airborne is an instance whose launch, number 2, was about to be forked when its
// daemon died: it is on record, and the keeper has its pipes.
func airborne(t *testing.T) (*rig, *holder, string) {
	k := newHolder(t)
	r := newKeptRig(t, k)
	i := r.one(r.app("app", echo, func(s *spec.Spec) { s.Notify, s.IPC = true, true }))
	r.act(i, "stop")
	r.die()
	key := i.key(2)
	f, err := openFiles(i.Status().Spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.closeChild()
	k.Hold(key, f.wires(&launch{})...)
	f.closeOurs()
	return r, k, key
}

// takesOff makes the record of airborne's instance that of the launch.
func takesOff(l *left) {
	rec := l.list[0].Record
	rec.State, rec.Want, rec.Generation, rec.Launches, rec.Exit = Launching, Up, 2, 2, nil
}

// A launch that never came to its fork is done again, with another number, and
// the keeper gets rid of the first.
func TestLaunchThatWasNot(t *testing.T) {
	t.Parallel()
	r, k, key := airborne(t)
	n := r.next(takesOff)
	i := n.only()
	if st := i.Status(); st.Generation != 3 || st.State != Online || st.Restarts != 0 || st.LastExit != nil {
		t.Errorf("%+v", st)
	}
	n.say(i.Status().PID, "here") // before its exec it shows no mark
	n.line(i.Status().Spec.LogPath(i.Status().Spec.OutFile, 0), "here")
	if marked := n.marked(i.UUID); len(marked) != 1 {
		t.Errorf("there are %v", marked)
	}
	n.act(i, "stop") // its pipes were at their end: that was seen by now
	if got := k.names(key); got != "" {
		t.Errorf("held is %q", got)
	}
}

// The only stray that can be the launch is it.
func TestStrayOfALaunch(t *testing.T) {
	t.Parallel()
	r, _, _ := airborne(t)
	n := r.next(takesOff, func(l *left) {
		l.strays = []keeper.Stray{{PID: 4711, Session: 4711, Start: ticks(), Status: 3 << 8}, {PID: 4712, Session: 4711, Start: ticks(), Status: 9}}
	})
	i := n.only()
	if st := i.Status(); st.Generation != 3 || st.Restarts != 1 || st.LastExit == nil || st.LastExit.Code != 3 {
		t.Errorf("%+v", st)
	}
	if why := reason(t, i, "exit"); !strings.HasPrefix(why, "while no daemon ran: exited with code 3") {
		t.Error(why)
	}
}

// Of two strays nobody knows which it is.
func TestStraysAreNotGuessed(t *testing.T) {
	t.Parallel()
	r, _, _ := airborne(t)
	n := r.next(takesOff, func(l *left) {
		l.strays = []keeper.Stray{{PID: 4711, Session: 4711, Start: ticks(), Status: 3 << 8}, {PID: 4712, Session: 4712, Start: ticks()}}
	})
	if st := n.only().Status(); st.Generation != 3 || st.Restarts != 0 || st.LastExit != nil {
		t.Errorf("%+v", st)
	}
}

// What the keeper holds of instances that are gone is let go.
func TestNobodysIsReleased(t *testing.T) {
	t.Parallel()
	k := newHolder(t)
	r := newKeptRig(t, k)
	r.one(r.app("app", idle))
	r.die()
	uuid := NewUUID()
	ended := exec.Command("true")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for gen, name := range []string{keeper.Out, keeper.Err, keeper.Notify} {
		k.Hold(fmt.Sprintf("%s:%d", uuid, gen+1), keeper.File{Name: name, FD: int(null.Fd())})
	}
	k.mu.Lock()
	k.held[uuid+":1"].Exit, k.held[uuid+":1"].PID = &keeper.Exit{Report: 77}, ended.Process.Pid
	k.mu.Unlock()
	n := r.next()
	for gen := range 3 {
		if key := fmt.Sprintf("%s:%d", uuid, gen+1); k.names(key) != "" {
			t.Errorf("%s is still held", key)
		}
	}
	if !k.acknowledged(77) {
		t.Error("the report is repeated for ever")
	}
	n.act(n.only(), "delete")
}

// A damaged record tells no process: that is found by its mark.
func TestRepairedRecord(t *testing.T) {
	t.Parallel()
	kept(t, func(r *rig) {
		i := r.one(r.app("app", echo))
		if k, ok := r.Keeper.(*holder); ok {
			k.Release(i.key(1))
		}
		r.die()
		n := r.next(func(l *left) {
			l.list[0].Record.Process.Start = 0
			if !l.list[0].Record.Repair() || l.list[0].Record.Process != nil {
				r.Error("the damage was not seen")
			}
		})
		if st := n.only().Status(); st.PID != i.Status().PID || st.Generation != 1 {
			r.Errorf("%+v", st)
		}
	})
}

// With the process's end nobody is left who could be mistaken.
func TestLaunchThatEndedUnknown(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	i := r.one(r.app("app", idle))
	pid := i.Status().PID
	r.die()
	if err := unix.Kill(pid, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Wait4(pid, nil, 0, nil); err != nil {
		t.Fatal(err)
	}
	n := r.next()
	st := n.only().Status()
	if st.PID == pid || st.Generation != 2 || st.Restarts != 1 || st.LastExit == nil || !st.LastExit.Unknown {
		t.Errorf("%+v", st)
	}
	if why := reason(t, n.only(), "exit"); !strings.HasPrefix(why, "while no daemon ran: ended, exit code unknown") {
		t.Error(why)
	}
}

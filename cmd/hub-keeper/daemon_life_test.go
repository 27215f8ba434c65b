package main

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"
)

// What the first daemon has to say is for whoever waits for its start.
func TestFirstDaemonFails(t *testing.T) {
	t.Parallel()
	s := start(t, "fail")
	s.next("up")
	if code := s.exit(); code != 7 {
		t.Errorf("the keeper ended with %d, the daemon with 7", code)
	}
}

func TestDaemonThatCannotBeStarted(t *testing.T) {
	t.Parallel()
	p := newParent(options{pause: time.Second}, tableOf("/does/not/exist"), &signals{wake: -1})
	p.start()
	if !p.over || p.code != 1 {
		t.Errorf("over %v, code %d; nobody depends on this keeper", p.over, p.code)
	}
	p = newParent(options{pause: time.Second}, tableOf("/does/not/exist"), &signals{wake: -1})
	p.answered = true
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 100, 100} {
		p.start()
		pause := time.Until(p.daemon.startAt)
		if p.over || pause <= (want-1)*time.Second || pause > want*time.Second {
			t.Errorf("over %v, pause %v, want %v", p.over, pause, want*time.Second)
		}
	}
}

// A hubd that does not get to answer after an update gives way to the one before.
func TestBackToTheProvenDaemon(t *testing.T) {
	t.Parallel()
	p := newParent(options{pause: time.Second}, tableOf("/old/hubd"), &signals{wake: -1})
	p.answers()
	p.replace("/new/hubd", "")
	for range trials - 1 {
		p.start()
		if p.hubd != "/new/hubd" {
			t.Fatalf("%s is started", p.hubd)
		}
	}
	p.start()
	if p.hubd != "/old/hubd" || p.over {
		t.Errorf("%s is started, over %v", p.hubd, p.over)
	}
}

// Daemons that die before they answer are started ever more slowly.
func TestCrashingDaemon(t *testing.T) {
	t.Parallel()
	const first = 20 * time.Millisecond
	s := start(t, "crash", "--pause-ms", "20")
	began := time.Now()
	s.next("up")
	for range 4 {
		s.next("up")
	}
	if took, want := time.Since(began), (1+2+4+8)*first; took < want {
		t.Errorf("five starts in %v, want pauses of %v", took, want)
	}
	// While it pauses there is no daemon that could end the apps.
	s.signal(syscall.SIGTERM)
	s.exit()
}

// One that has answered is started again at once, with growing pauses or not.
func TestAnsweringDaemon(t *testing.T) {
	t.Parallel()
	s := start(t, "answer", "--pause-ms", "60000")
	for range 5 {
		s.kill(s.nextPID("up"), syscall.SIGKILL)
	}
	s.next("up")
	s.signal(syscall.SIGHUP) // is for nobody
	s.signal(syscall.SIGINT) // which this daemon does not catch
	if code := s.exit(); code != 128+int(syscall.SIGINT) {
		t.Errorf("the keeper ended with %d", code)
	}
}

func TestHungDaemon(t *testing.T) {
	t.Parallel()
	for name, stopped := range map[string]bool{"silent": false, "stopped": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			behaviour := "hang"
			if stopped {
				behaviour = "answer"
			}
			s := start(t, behaviour, "--health-ms", "20")
			pid := s.nextPID("up")
			if stopped {
				s.kill(pid, syscall.SIGSTOP)
			}
			if next := s.nextPID("up"); next == pid {
				t.Error("the hung daemon lives")
			}
		})
	}
}

// One that hangs before it answers would otherwise be waited for for ever.
func TestDaemonThatHangsAtItsStart(t *testing.T) {
	t.Parallel()
	s := start(t, "stuck", "--health-ms", "20")
	s.next("up")
	if code := s.exit(); code != 2 { // Go's, by SIGABRT
		t.Errorf("the keeper ended with %d, the daemon with 2", code)
	}
}

// A daemon that answers is left alone.
func TestHealthyDaemon(t *testing.T) {
	t.Parallel()
	s := start(t, "answer", "--health-ms", "50")
	pid := s.nextPID("up")
	for range 10 {
		if asked := s.nextPID("asked"); asked != pid {
			t.Fatalf("daemon %d was replaced by %d", pid, asked)
		}
	}
	s.signal(syscall.SIGTERM)
	if code := s.exit(); code != 3 {
		t.Errorf("the keeper ended with %d, the daemon with 3", code)
	}
}

// A signal that comes before a daemon catches it would end that daemon, and leave
// the apps of the one before to nobody.
func TestEndWhileADaemonStarts(t *testing.T) {
	t.Parallel()
	s := start(t, "bare")
	first := s.nextPID("up")
	s.next("held")
	s.kill(first, syscall.SIGKILL)
	next := s.nextPID("bare")
	before := s.pauses()
	s.signal(syscall.SIGTERM)
	s.eventually("the keeper does not wake up", func() bool { return s.pauses() != before }, s.descriptors)
	s.kill(next, syscall.SIGUSR1)
	if code := s.exit(); code != 3 {
		t.Errorf("the keeper ended with %d, the daemon with 3", code)
	}
}

// pauses tells how often the keeper's loop has waited.
func (s *started) pauses() string {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	_, count, _ := bytes.Cut(status, []byte("\nvoluntary_ctxt_switches:"))
	count, _, _ = bytes.Cut(count, []byte("\n"))
	return string(count)
}

package status

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestPublicHost(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"embedded": "embedded", "localhost": "localhost", "db.example.org": "db.example.org", "db1": "db1",
		"db.10.example": "db.10.example", "0xdb.example": "0xdb.example",
		"10.0.0.1": hidden, "127.0.0.1": hidden, "::1": hidden, "fe80::1%eth0": hidden, "10.0.0.1.": hidden,
		"127.1": hidden, "2130706433": hidden, "0x7f000001": hidden, "10.0.0.1:3306": hidden,
	} {
		if got := publicHost(host); got != want {
			t.Errorf("%q: got %q, want %q", host, got, want)
		}
	}
}

func TestPublicURL(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"http://localhost:3001":        "http://localhost:3001",
		"https://sm.example.org/a/b":   "https://sm.example.org/a/b",
		"http://u:p@sm:3001/?key=x#y":  "http://sm:3001/",
		"http://10.0.0.1:3001":         "http://ip-address:3001",
		"http://[fe80::1%25eth0]:3001": "http://ip-address:3001",
		"http://127.0.0.1":             "http://ip-address",
		"http://[::1]/x":               "http://ip-address/x",
		"http://u:p@bad host":          "",
		"localhost:3001":               "",
	} {
		if got := publicURL(raw); got != want {
			t.Errorf("%q: got %q, want %q", raw, got, want)
		}
	}
}

// Whatever the URL is, neither its user nor an address of it is shown.
func FuzzPublicURL(f *testing.F) {
	for _, seed := range []string{"http://u:p@10.0.0.1:3001/x?y#z", "http://[fe80::1%25eth0]:1", "https://a@b@c/", "//u@h", "http:u@h", "http://u:p@/x", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		public := publicURL(raw)
		if public == "" {
			return
		}
		u, err := url.Parse(public)
		if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			t.Errorf("%q: got %q, %v", raw, public, err)
		} else if _, err := netip.ParseAddr(u.Hostname()); err == nil {
			t.Errorf("%q: got %q", raw, public)
		}
	})
}

func TestReasons(t *testing.T) {
	t.Parallel()
	call := func(err error) error {
		return fmt.Errorf("wrapped: %w", &url.Error{Op: "Get", URL: "http://10.0.0.1", Err: err})
	}
	for want, err := range map[string]error{
		"ECONNREFUSED":            call(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}),
		"ETIMEDOUT":               call(syscall.ETIMEDOUT),
		"ENOTFOUND":               call(&net.DNSError{IsNotFound: true}),
		"Session Manager timeout": call(context.DeadlineExceeded),
		"HTTP_503":                fmt.Errorf("wrapped: %w", HTTPError(503)),
		"SESSION_MANAGER_ERROR":   call(io.EOF),
	} {
		if got := sessionManagerReason(err); got != want {
			t.Errorf("%v: got %q, want %q", err, got, want)
		}
	}
	for want, err := range map[string]error{
		"ECONNREFUSED":     &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED},
		"ENOTFOUND":        &net.DNSError{IsNotFound: true},
		"Database timeout": fmt.Errorf("wrapped: %w", context.DeadlineExceeded),
		"DATABASE_ERROR":   errors.New("secret"),
	} {
		if got := databaseReason(err); got != want {
			t.Errorf("%v: got %q, want %q", err, got, want)
		}
	}
}

// worker is a process on two cores whose time on CPUs the test sets.
type worker struct {
	*Process
	now   time.Time
	spent time.Duration
}

func newWorker(spent time.Duration) *worker {
	w := &worker{now: time.Unix(0, 0), spent: spent}
	w.Process = newProcess(
		func() time.Time { return w.now },
		func() (time.Duration, error) { return w.spent, nil }, 2)
	return w
}

// work spends a share of both cores' time, and notes it as Run does.
func (w *worker) work(ticks int, share float64) {
	for range ticks {
		w.now = w.now.Add(tick)
		w.spent += time.Duration(share * float64(2*tick))
		_ = w.note()
	}
}

func cpu(t *testing.T, p *Process) float64 {
	t.Helper()
	got, err := p.CPU()
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestCPU(t *testing.T) {
	t.Parallel()
	w := newWorker(600 * time.Millisecond)
	steps := []struct {
		ticks int
		share float64
		want  float64
	}{
		{0, 0, 1}, // 0.6 s of 2 * 30 s
		{3, 1, 51},
		{9, 1, 100},
		{3, 0, 50},
		{3, 0, 0},
		{1000, 0, 0},
		{6, 0.8, 80},
		{1, 1, 250. / 3},
	}
	for i, step := range steps {
		w.work(step.ticks, step.share)
		if got := cpu(t, w.Process); got != step.want {
			t.Errorf("step %d: got %v, want %v", i, got, step.want)
		}
	}
	if n := len(w.noted); n > 8 {
		t.Errorf("keeps %d readings", n)
	}
}

func TestRunNotes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProcess(time.Now, func() (time.Duration, error) { return 0, nil }, 2)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan bool)
		go func() {
			p.Run(ctx)
			close(ended)
		}()
		<-time.After(time.Hour + tick/2)
		if got := p.since(time.Now()).at; time.Since(got) != window+tick/2 {
			t.Errorf("the reading is %v old", time.Since(got))
		}
		cancel()
		<-ended
	})
}

// Without Run the figure is still one of percent.
func TestCPUWithoutRun(t *testing.T) {
	t.Parallel()
	w := newWorker(0)
	w.now, w.spent = w.now.Add(time.Hour), time.Hour
	if got := cpu(t, w.Process); got != 50 {
		t.Errorf("got %v", got)
	}
}

func TestThisProcess(t *testing.T) {
	t.Parallel()
	p := NewProcess(time.Now)
	if got := cpu(t, p); got < 0 || got > 100 {
		t.Errorf("CPU %v", got)
	}
	if got, err := p.Memory(); err != nil || got < 1<<20 || got > 4<<30 {
		t.Errorf("memory %v, %v", got, err)
	}
}

func TestResident(t *testing.T) {
	t.Parallel()
	if got, err := resident([]byte("5000 10240 900 1 0 2000 0\n"), 4096); err != nil || got != 41943040 {
		t.Errorf("got %v, %v", got, err)
	}
	for _, text := range []string{"", "5000", "5000 x"} {
		if got, err := resident([]byte(text), 4096); err == nil {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

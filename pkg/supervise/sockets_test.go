package supervise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/proc"
	"github.com/leadmaster/hub/pkg/spec"
	"golang.org/x/sys/unix"
)

// acceptor says its pid to each connection on each of its sockets until it is told
// to end. A restart of it waits for a line first, if it is told so.
func (r *rig) acceptor(name string, addresses ...string) *spec.Spec {
	self, err := os.Executable()
	if err != nil {
		r.Fatal(err)
	}
	return r.app(name, "echo up; exec "+self, func(s *spec.Spec) {
		s.Env = map[string]string{childMode: "accept"}
		s.KillTimeout = spec.Duration(deadline)
		for _, a := range addresses {
			s.Listen = append(s.Listen, spec.Listener{Address: a})
		}
	})
}

// acceptForever is that app.
func acceptForever() {
	count, err := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	say(err)
	for number := firstSocket; number < firstSocket+count; number++ {
		fd, err := unix.Dup(number) // as Go's net package has it
		say(err)
		say(unix.Close(number))
		go func() {
			for {
				conn, _, err := unix.Accept(fd)
				say(err)
				_, err = unix.Write(conn, fmt.Append(nil, os.Getpid()))
				say(err)
				say(unix.Close(conn))
			}
		}()
	}
	_ = unix.Pause()
}

// freePort is an address of a port that nobody has, and none that the kernel gives
// to outgoing connections (ip_local_port_range, ip(7)).
func freePort(t testing.TB) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(10000 + rand.IntN(20000))
		if l, err := net.Listen("tcp", ":"+port); err == nil {
			l.Close()
			return "127.0.0.1:" + port
		}
	}
	t.Fatal("no free port")
	return ""
}

// connect connects to an address of a Spec; answer returns the pid that answers.
func connect(t testing.TB, address string) (answer func() int, err error) {
	t.Helper()
	network, where := "tcp", address
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		network, where = "unix", path
	}
	conn, err := net.DialTimeout(network, strings.Replace(where, "*", "127.0.0.1", 1), deadline)
	if err != nil {
		return nil, err
	}
	return func() int {
		t.Helper()
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(deadline)); err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(conn)
		if err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(string(text))
		if err != nil {
			t.Fatal(err)
		}
		return pid
	}, nil
}

// answers returns the pid that answers at an address now.
func answers(t testing.TB, address string) int {
	t.Helper()
	answer, err := connect(t, address)
	if err != nil {
		t.Fatal(err)
	}
	return answer()
}

// refused wants nobody to listen there. A child of another test that comes to its
// exec in a moment still has what was closed here: that connection is reset.
func refused(t testing.TB, address string) {
	t.Helper()
	network, where := "tcp", address
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		network, where = "unix", path
	}
	for until := time.Now().Add(deadline); time.Now().Before(until); <-time.After(time.Millisecond) {
		conn, err := net.DialTimeout(network, strings.Replace(where, "*", "127.0.0.1", 1), deadline)
		if err != nil {
			return
		}
		_ = conn.SetDeadline(time.Now().Add(deadline))
		text, _ := io.ReadAll(conn)
		conn.Close()
		if len(text) > 0 {
			t.Errorf("%s answers on %s", text, address)
			return
		}
	}
	t.Errorf("somebody listens on %s", address)
}

// Who comes between two processes waits, whichever way the first one ends. A stop
// closes the sockets, a start opens them again.
func TestSocketsOverProcesses(t *testing.T) {
	t.Parallel()
	k := newHolder(t)
	r := newKeptRig(t, k)
	tcp, local := freePort(t), "unix:"+r.path("made/app.sock")
	s := r.acceptor("app", tcp, local)
	s.RestartDelay = spec.Duration(50 * time.Millisecond)
	i := r.one(s)
	first := i.Status().PID
	for _, address := range []string{tcp, local} {
		if pid := answers(t, address); pid != first {
			t.Errorf("%s: process %d answers, and the app is %d", address, pid, first)
		}
	}
	sub := r.Subscribe()
	defer sub.Close()
	if err := unix.Kill(first, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	r.event(sub, "waiting restart")
	answer, err := connect(t, tcp)
	if err != nil {
		t.Fatalf("between two processes: %v", err)
	}
	r.event(sub, "online")
	if pid := answer(); pid != i.Status().PID || pid == first {
		t.Errorf("process %d answers, and the app is %d", pid, i.Status().PID)
	}
	r.act(i, "restart")
	if pid := answers(t, local); pid != i.Status().PID {
		t.Errorf("after a restart process %d answers, and the app is %d", pid, i.Status().PID)
	}
	r.act(i, "stop")
	refused(t, tcp)
	refused(t, local)
	if _, err := os.Stat(r.path("made/app.sock")); err == nil {
		t.Error("the path of a socket is left after the stop")
	}
	if names := k.names(keeper.ListenKey); names != "" {
		t.Errorf("after the stop the keeper has %s", names)
	}
	r.act(i, "start")
	if pid := answers(t, tcp); pid != i.Status().PID {
		t.Errorf("after a start process %d answers, and the app is %d", pid, i.Status().PID)
	}
	r.act(i, "delete")
	refused(t, tcp)
}

// Two processes have the same sockets in a reload, and all instances of an app.
func TestSocketsOfManyProcesses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	address := freePort(t)
	s := r.acceptor("app", address)
	s.Reload, s.Instances = spec.ReloadOverlap, 2
	list := r.start(s)
	sub := r.Subscribe()
	defer sub.Close()
	for _, o := range r.reload(list...) {
		if o.Err != "" {
			t.Fatal(o.Err)
		}
	}
	pids := []int{list[0].Status().PID, list[1].Status().PID}
	if pid := answers(t, address); !slices.Contains(pids, pid) {
		t.Errorf("process %d answers, and the app is %v", pid, pids)
	}
	r.act(list[0], "stop")
	if pid := answers(t, address); pid != pids[1] {
		t.Errorf("process %d answers, and only %d is left", pid, pids[1])
	}
	r.act(list[1], "delete")
	refused(t, address)
}

// A reload may change the list: each process has its own, and what the old one
// had is closed when that has ended.
func TestReloadChangesSockets(t *testing.T) {
	t.Parallel()
	k := newHolder(t)
	r := newKeptRig(t, k)
	kept, old, now := freePort(t), "unix:"+r.path("old"), "unix:"+r.path("now")
	change := func(addresses ...string) *spec.Spec {
		s := r.acceptor("app", addresses...)
		s.Reload = spec.ReloadOverlap
		return s
	}
	i := r.one(change(old, kept))
	first := i.Status().PID
	list := r.request(Request{Spec: change(kept, now), Base: base(), Existing: Renew, Cause: "test"})
	if len(list) != 1 || i.Status().PID == first {
		t.Fatalf("not reloaded: %+v", i.Status())
	}
	for _, address := range []string{kept, now} {
		if pid := answers(t, address); pid != i.Status().PID {
			t.Errorf("%s: process %d answers, and the app is %d", address, pid, i.Status().PID)
		}
	}
	refused(t, old)
	if names := k.names(keeper.ListenKey); names != kept+" "+now {
		t.Errorf("the keeper has %s", names)
	}
	// One that shuts out what the old process has can't be had beside it.
	_, port, _ := strings.Cut(kept, ":")
	pending, err := r.Start(Request{Spec: change("*:" + port), Base: base(), Existing: Renew, Cause: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if o := r.outcome(pending[0]); !strings.Contains(o.Err, "listen *:"+port+": the app itself still has "+kept+"; a restart") {
		t.Errorf("got %q", o.Err)
	}
	r.start(change("*:" + port))
	if pid := answers(t, "*:"+port); pid != i.Status().PID {
		t.Errorf("process %d answers, and the app is %d", pid, i.Status().PID)
	}
}

// Who opens a path, and who removes its file, waits for the other one, and gives up
// sooner than to go on beside it.
func TestOneAtAPath(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.path("app.sock")
	s := r.acceptor("app", "unix:"+path)
	release, err := r.sockets.claim("unix:" + path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.sockets.open("one", s); err == nil || !strings.Contains(err.Error(), "being opened or removed already") {
		t.Errorf("opened beside another one: %v", err)
	}
	release()
	fds, err := r.sockets.open("one", s)
	if err != nil {
		t.Fatal(err)
	}
	keeper.CloseAll(fds)
	release, err = r.sockets.claim("unix:" + path)
	if err != nil {
		t.Fatal(err)
	}
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		r.sockets.keep("one", nil)
	}()
	for until := time.Now().Add(deadline); r.sockets.has("unix:" + path); <-time.After(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("never given back")
		}
	}
	if fileAt(path) == (fileID{}) {
		t.Error("removed beside another one")
	}
	release()
	receiveClosed(t, kept)
	if fileAt(path) != (fileID{}) {
		t.Error("not removed")
	}
}

// A path that somebody has removed is there again after a restart, for all instances.
func TestLostPathIsMadeAgain(t *testing.T) {
	t.Parallel()
	k := newHolder(t)
	r := newKeptRig(t, k)
	address := "unix:" + r.path("app.sock")
	s := r.acceptor("app", address)
	s.Instances = 2
	list := r.start(s)
	if err := os.Remove(r.path("app.sock")); err != nil {
		t.Fatal(err)
	}
	r.act(list[0], "restart")
	if pid := answers(t, address); pid != list[0].Status().PID {
		t.Errorf("process %d answers, and the one that was restarted is %d", pid, list[0].Status().PID)
	}
	r.act(list[1], "restart")
	r.act(list[0], "stop")
	if pid := answers(t, address); pid != list[1].Status().PID {
		t.Errorf("process %d answers, and the one that is left is %d", pid, list[1].Status().PID)
	}
	r.act(list[1], "stop")
	if fileAt(r.path("app.sock")) != (fileID{}) {
		t.Error("the path is left after the stop")
	}
}

// All instances of an app go from an address to one that shuts it out, and back, though
// one of them takes its time to end.
func TestRestartToAnOverlappingAddress(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	one := freePort(t)
	_, port, _ := strings.Cut(one, ":")
	slow := func(address string) *spec.Spec {
		s := r.acceptor("app", address)
		s.Script = `[ "$NODE_APP_INSTANCE" = 0 ] || { trap "sleep 0.3; exit" TERM; echo up; read x; }; ` + s.Script
		s.Instances, s.MaxRestarts = 2, 1
		return s
	}
	first := slow("*:" + port)
	r.start(first)
	r.line(first.LogPath(first.OutFile, 1), "up")
	for _, address := range []string{one, "*:" + port} {
		list := r.start(slow(address))
		for n, i := range list {
			if st := i.Status(); st.State != Online {
				t.Errorf("%s: instance %d is %s: %s", address, n, st.State, st.LastEnd)
			}
		}
		answers(t, address)
	}
}

// lazy is a keeper that takes its time to release.
type lazy struct {
	*holder
	released *sync.WaitGroup
}

func (l lazy) Release(key string, names ...string) {
	l.released.Go(func() {
		<-time.After(50 * time.Millisecond)
		l.holder.Release(key, names...)
	})
}

// An address is free as soon as another one is wanted that it shuts out, though the
// keeper has yet to close its own.
func TestReleaseIsAwaited(t *testing.T) {
	t.Parallel()
	k := lazy{newHolder(t), new(sync.WaitGroup)}
	s := newSockets(k, slog.New(slog.DiscardHandler))
	one := freePort(t)
	_, port, _ := strings.Cut(one, ":")
	for _, address := range []string{one, "*:" + port, one} {
		fds, err := s.open("uuid", &spec.Spec{Name: "app", Listen: []spec.Listener{{Address: address}}})
		if err != nil {
			t.Errorf("%s: %v", address, err)
		}
		keeper.CloseAll(fds)
		s.keep("uuid", nil)
	}
	k.released.Wait()
}

// What can't be opened is a launch that failed, with the reason in plain words.
func TestSocketsThatCannotBeHad(t *testing.T) {
	t.Parallel()
	k := newHolder(t)
	r := newKeptRig(t, k)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	served, err := net.Listen("unix", r.path("served"))
	if err != nil {
		t.Fatal(err)
	}
	defer served.Close()
	if err := os.WriteFile(r.path("plain"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	other := freePort(t)
	r.one(r.acceptor("other", other))
	for address, want := range map[string]string{
		taken.Addr().String():           "address already in use",
		"unix:" + r.path("served"):      "address already in use",
		"unix:" + r.path("plain"):       "something that is no socket is there",
		"unix:" + r.path("plain/below"): "not a directory",
		"192.0.2.1:80":                  "cannot assign requested address",
	} {
		free := "unix:" + r.path("free")
		s := r.acceptor("app", free, address)
		s.MaxRestarts, s.MinUptime = 1, spec.Duration(time.Second)
		pending, err := r.Start(Request{Spec: s, Base: base(), Existing: Restart, Cause: "test"})
		if err != nil {
			t.Fatal(err)
		}
		o := r.outcome(pending[0])
		text := "listen " + address + ": " + want
		if !strings.HasPrefix(o.Err, "could not be started: listen "+address+": ") || !strings.Contains(o.Err, want) {
			t.Errorf("got %q, want %q", o.Err, text)
		}
		if st := pending[0].Instance.Status(); st.State != Errored || !strings.HasPrefix(st.LastEnd, "listen "+address+": ") {
			t.Errorf("%s, %q", st.State, st.LastEnd)
		}
		refused(t, free) // what was opened with it is given back
	}
	if names := k.names(keeper.ListenKey); names != other {
		t.Errorf("the keeper has %s", names)
	}
	if pid := answers(t, other); !runs(pid) {
		t.Error("the other app is hurt")
	}
}

// A socket of an earlier run that nobody listens on is no hindrance, nor is a
// path that is too long for an address.
func TestUnixSocketPaths(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	dead, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(dead, &unix.SockaddrUnix{Name: r.path("dead")}); err != nil {
		t.Fatal(err)
	}
	unix.Close(dead)
	i := r.one(r.acceptor("app", "unix:"+r.path("dead")))
	if pid := answers(t, "unix:"+r.path("dead")); pid != i.Status().PID {
		t.Errorf("process %d answers, and the app is %d", pid, i.Status().PID)
	}
	info, err := os.Stat(r.path("dead"))
	if err != nil || info.Mode().Perm() != socketMode {
		t.Errorf("%v, %v", info, err)
	}
	long := r.path(strings.Repeat("a long folder/", 10) + "app.sock")
	r.one(r.acceptor("long", "unix:"+long))
	if info, err := os.Stat(long); err != nil || info.Mode().Type() != os.ModeSocket {
		t.Errorf("%v, %v", info, err)
	}
	// Somebody else's file at the path is left alone.
	if err := os.Remove(r.path("dead")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.path("dead"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r.act(i, "stop")
	if _, err := os.Stat(r.path("dead")); err != nil {
		t.Error(err)
	}
}

// Who can write in the folder can put a link in the socket's place: what that leads to
// keeps its mode.
func TestOpenToAllFollowsNoLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret, link := filepath.Join(dir, "secret"), filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(secret, nil, 0o600), os.Symlink(secret, link)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{link, secret} {
		p, err := openPlace(path, false)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.openToAll(); err == nil {
			t.Errorf("%s: no error", path)
		}
		p.close()
	}
	if info, err := os.Stat(secret); err != nil || info.Mode() != 0o600 {
		t.Errorf("the file has %v, %v", info.Mode(), err)
	}
}

// A bare port is one socket for IPv4 and IPv6, blocking and with a long queue.
func TestListen(t *testing.T) {
	t.Parallel()
	if l, err := net.Listen("tcp6", "[::1]:0"); err != nil {
		t.Skip("no IPv6 here:", err)
	} else {
		l.Close()
	}
	for _, c := range []struct{ address, dial, not string }{
		{"*", "127.0.0.1", ""},
		{"*", "[::1]", ""},
		{"[::]", "[::1]", "127.0.0.1"},
		{"0.0.0.0", "127.0.0.1", "[::1]"},
		{"[::1]", "[::1]", "127.0.0.1"},
	} {
		// A port for each: a child of another test that comes to its exec in a moment
		// still has what was closed here.
		_, port, _ := strings.Cut(freePort(t), ":")
		c.address, c.dial = c.address+":"+port, c.dial+":"+port
		at, err := spec.ParseAddress(c.address)
		if err != nil {
			t.Fatal(err)
		}
		fd, err := listen(at)
		if err != nil {
			t.Fatalf("%s: %v", c.address, err)
		}
		conn, err := net.Dial("tcp", c.dial)
		if err != nil {
			t.Errorf("%s: %v", c.address, err)
		} else {
			conn.Close()
		}
		if c.not != "" {
			refused(t, c.not+":"+port)
		}
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		if err != nil || flags&unix.O_NONBLOCK != 0 {
			t.Errorf("%s: flags %#x, %v", c.address, flags, err)
		}
		for _, other := range []string{"*:" + port, "[::]:" + port, "0.0.0.0:" + port, "[::1]:" + port, "127.0.0.1:" + port, "*:1", "unix:/x"} {
			where, err := spec.ParseAddress(other)
			if err != nil {
				t.Fatal(err)
			}
			// That of every IPv4 address is what a bare port is without IPv6.
			want := other == c.address || c.address == "0.0.0.0:"+port && other == "*:"+port
			if got := listensAt(fd, where); got != want {
				t.Errorf("a socket of %s listens at %s: %v", c.address, other, got)
			}
		}
		unix.Close(fd)
	}
}

// What the child finds from 3 on is what its variables say, before the channel.
func TestSocketsOfAChild(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := r.app("app", idle, func(s *spec.Spec) {
		s.IPC = true
		s.Listen = []spec.Listener{{Name: "web", Address: "unix:" + r.path("a")}, {Address: "unix:" + r.path("b")}}
	})
	i := r.one(s)
	pid := i.Status().PID
	vars := environ(t, pid)
	if vars["LISTEN_FDS"] != "2" || vars["LISTEN_FDNAMES"] != "web:unknown" || vars["NODE_CHANNEL_FD"] != "5" {
		t.Errorf("the child has %v", vars)
	}
	id, err := proc.Identify(pid)
	if err != nil {
		t.Fatal(err)
	}
	c, err := proc.Open(id)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for n, l := range s.Listen {
		fd, err := c.CopyDescriptor(firstSocket + n)
		if err != nil || !listensAt(fd, l.At()) {
			t.Errorf("descriptor %d is not %s: %v", firstSocket+n, l.Address, err)
		}
		closeFD(fd)
	}
	rec := r.ledger.all()
	if last := rec[len(rec)-1]; last.Channel != 5 || last.ChannelCopy != 6 {
		t.Errorf("on record the channel is %d and %d", last.Channel, last.ChannelCopy)
	}
	all, err := i.Environment(context.Background())
	if err != nil || all["LISTEN_FDS"] != "2" {
		t.Errorf("%v, %v", all, err)
	}
}

// A daemon that has died leaves its sockets to the next: by the keeper, and where
// that has died too by the processes.
func TestSocketsOverDaemons(t *testing.T) {
	t.Parallel()
	for _, kept := range []bool{true, false} {
		t.Run(fmt.Sprint("keeper ", kept), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			k := newHolder(t)
			if kept {
				r = newKeptRig(t, k)
			}
			tcp, local := freePort(t), "unix:"+r.path("app.sock")
			s := r.acceptor("app", tcp, local)
			s.Instances = 2
			list := r.start(s)
			for n := range list {
				r.line(s.LogPath(s.OutFile, n), "up")
			}
			gone := r.one(r.acceptor("gone", "unix:"+r.path("gone.sock")))
			r.die()
			// One of two has ended: the other one's socket is found before that is
			// started again.
			if err := unix.Kill(list[0].Status().PID, unix.SIGKILL); err != nil {
				t.Fatal(err)
			}
			next := r.next(func(l *left) {
				for n := range l.list {
					if rec := l.list[n].Record; rec.UUID == gone.UUID { // deleted in the last moment
						rec.Want, rec.State = Gone, Stopping
					}
				}
			})
			i := next.byUUID(list[1].UUID)
			if pid := i.Status().PID; pid != list[1].Status().PID {
				t.Fatalf("process %d was not taken over: %d", list[1].Status().PID, pid)
			}
			for _, address := range []string{tcp, local} {
				if !next.sockets.has(address) {
					t.Errorf("%s was not taken over", address)
				}
			}
			next.act(i, "restart")
			next.act(next.byUUID(list[0].UUID), "restart")
			pids := []int{i.Status().PID, next.byUUID(list[0].UUID).Status().PID}
			for _, address := range []string{tcp, local} {
				if pid := answers(t, address); !slices.Contains(pids, pid) {
					t.Errorf("%s: process %d answers, and the app is %v", address, pid, pids)
				}
			}
			if names := k.names(keeper.ListenKey); kept && names != tcp+" "+local {
				t.Errorf("the keeper has %s", names)
			}
			if i := next.byUUID(gone.UUID); i != nil {
				receiveClosed(t, i.gone)
			}
			refused(t, "unix:"+r.path("gone.sock"))
			if text := next.journal.String(); strings.Contains(text, "level=ERROR") {
				t.Error(text)
			}
		})
	}
}

// The program that this process becomes gets the sockets under their addresses.
func TestHeldSockets(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	address := "unix:" + filepath.Join(r.dir, "x")
	r.one(r.acceptor("app", address))
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	thaw, thawLogs := r.freeze(ctx)
	held := r.Held()
	thawLogs()
	thaw()
	n := slices.IndexFunc(held, func(h keeper.Held) bool { return h.Key == keeper.ListenKey })
	if n < 0 || fileNames(held[n]) != address || !held[n].Reaped {
		t.Errorf("%+v", held)
	}
}

// An address is one app's as long as that is up; a start that wants it is refused, and
// a launch that finds it taken all the same fails.
func TestSharedAddress(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	address := freePort(t)
	_, port, _ := strings.Cut(address, ":")
	one := r.one(r.acceptor("one", address))
	two := Request{Spec: r.acceptor("two", "*:"+port), Base: base(), Existing: Restart, Cause: "test"}
	two.Spec.MaxRestarts, two.Spec.MinUptime = 1, spec.Duration(time.Second)
	want := fmt.Sprintf(`app "two": listen: found *:%s, but app "one" listens there (%s); want another address`, port, address)
	if _, err := r.Start(two); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if n := len(r.App("two")); n != 0 {
		t.Errorf("there are %d instances", n)
	}
	held := two
	held.Hold = true
	i := r.request(held)[0] // it is not to be up
	p, err := i.Act("start", "test")
	if err != nil {
		t.Fatal(err)
	}
	if o := r.outcome(p); !strings.Contains(o.Err, "listen *:"+port+`: app "one" has `+address) {
		t.Errorf("got %+v", o)
	}
	r.act(one, "stop")
	r.act(i, "start")
	if pid := answers(t, address); pid != i.Status().PID {
		t.Errorf("process %d answers, and the app is %d", pid, i.Status().PID)
	}
}

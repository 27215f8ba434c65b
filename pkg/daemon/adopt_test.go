package daemon

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/store"
	"github.com/leadmaster/hub/pkg/supervise"
	"golang.org/x/sys/unix"
)

// leave ends the daemon and leaves its apps to a next one.
func (r *rig) leave() {
	r.Helper()
	if err := r.Leave(r.context()); err != nil {
		r.Fatal(err)
	}
	r.once.Do(func() {
		if err := receive(r, r.ended); err != nil {
			r.Errorf("the daemon ended: %v", err)
		}
	})
}

// pids are the main processes by app.
func (r *rig) pids() map[string]int {
	r.Helper()
	rows, err := r.List(r.context())
	if err != nil {
		r.Fatal(err)
	}
	pids := make(map[string]int)
	for _, row := range rows {
		pids[row.Name] = row.PID
	}
	return pids
}

// records are the files of the records by app.
func (r *rig) records() map[string]string {
	r.Helper()
	home := &store.Home{Dir: r.Home}
	found := make(map[string]string)
	err := home.Records(func(_, path string) {
		var rec supervise.Record
		if err := store.ReadJSON(path, &rec); err != nil {
			r.Fatal(err)
		}
		found[rec.Name] = path
	})
	if err != nil {
		r.Fatal(err)
	}
	return found
}

// edit replaces text in a file of the home.
func (r *rig) edit(path, old, with string) {
	r.Helper()
	text, err := os.ReadFile(path)
	if err == nil && !strings.Contains(string(text), old) {
		err = errors.New("it does not say " + old)
	}
	if err == nil {
		err = os.WriteFile(path, []byte(strings.ReplaceAll(string(text), old, with)), 0o600)
	}
	if err != nil {
		r.Fatalf("%s: %v", path, err)
	}
}

// end kills a child that nobody manages.
func endChild(t testing.TB, pid int) {
	t.Helper()
	if err := unix.Kill(pid, unix.SIGKILL); err != nil {
		t.Error(err)
	}
	if _, err := unix.Wait4(pid, nil, 0, nil); err != nil {
		t.Error(err)
	}
}

// A daemon takes over what the one before has left, and names itself.
func TestAdoptWhatIsLeft(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("one", idle), r.app("two", idle), r.app("down", idle))
	r.act("stop", "down")
	before := r.pids()
	r.leave()
	r.write("hubd.pid", "4711\n")
	n := serveIn(t, r.Home, nil)
	if got := n.pids(); !maps.Equal(got, before) || got["one"] == 0 || got["down"] != 0 {
		t.Errorf("adopted %v, left were %v", got, before)
	}
	if got := n.read("hubd.pid"); got != strconv.Itoa(os.Getpid())+"\n" {
		t.Errorf("hubd.pid holds %q", got)
	}
	n.act("restart", "one")
	if got := n.pids(); got["one"] == before["one"] || got["two"] != before["two"] {
		t.Errorf("restarted: %v, before %v", got, before)
	}
	if names, err := filepath.Glob(n.path("run/*.damaged")); err != nil || len(names) > 0 {
		t.Errorf("set aside: %v, %v", names, err)
	}
}

// Records of another boot are dropped: what they name has ended with that, even
// if a process of today has its pid. Only resurrect brings the saved list back.
func TestRecordsOfAnotherBoot(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("app", idle))
	r.up("app")
	r.save(1)
	pid := r.pids()["app"]
	defer endChild(t, pid)
	path := r.records()["app"]
	r.leave()
	st := r.state()
	r.edit(r.path("state.json"), st.Boot, "another")
	r.edit(path, st.Boot, "another")
	n := serveIn(t, r.Home, nil)
	if got := n.rows(); got != "" {
		t.Errorf("there is %q", got)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the record: %v", err)
	}
	if now := n.state(); now.Boot != st.Boot || now.HomeID != st.HomeID {
		t.Errorf("state %+v, before %+v", now, st)
	}
	if _, names := n.resurrect(); names != "app" {
		t.Errorf("resurrected: %q", names)
	}
	if now := n.pids()["app"]; now == pid || now == 0 {
		t.Errorf("it runs as %d, before as %d", now, pid)
	}
}

func (r *rig) state() (st state) {
	r.Helper()
	if err := store.ReadJSON(r.path("state.json"), &st); err != nil {
		r.Fatal(err)
	}
	return st
}

// Records that can't be used are set aside, whatever is wrong with them, and the
// others are taken over.
func TestDamagedRecords(t *testing.T) {
	t.Parallel()
	r := serve(t)
	damages := map[string]func(path string){
		"cut":       func(path string) { truncate(t, path, 40) },
		"text":      func(path string) { overwrite(t, path, "not JSON") },
		"list":      func(path string) { overwrite(t, path, "[1, 2]") },
		"field":     func(path string) { r.edit(path, `"generation":1`, `"generation":"x"`) },
		"nameless":  func(path string) { r.edit(path, `"name":`, `"nome":`) },
		"specless":  func(path string) { r.edit(path, `"spec":`, `"spek":`) },
		"state":     func(path string) { r.edit(path, `"online"`, `"flying"`) },
		"want":      func(path string) { r.edit(path, `"up"`, `"sideways"`) },
		"number":    func(path string) { r.edit(path, `"generation":1`, `"generation":-1`) },
		"newer":     func(path string) { r.edit(path, `"version":1`, `"version":2`) },
		"newest":    func(path string) { overwrite(t, path, `{"version":3,"uuid":["another","thing"]}`) },
		"other":     func(path string) { r.edit(path, `"uuid":"`, `"uuid":"x`) },
		"no such":   func(path string) { r.edit(path, `"spec":"`, `"spec":"f`) },
		"processes": func(path string) { r.edit(path, `"pid":`, `"pid":-`) },
	}
	for _, name := range slices.Sorted(maps.Keys(damages)) {
		r.begin(r.app(name, idle))
	}
	r.begin(r.app("whole", idle), r.app("emptied", idle), r.app("nobody", idle))
	before, paths := r.pids(), r.records()
	r.leave()
	for name, damage := range damages {
		damage(paths[name])
	}
	truncate(t, paths["emptied"], 0)
	r.edit(paths["nobody"], `"process":`, `"procession":`)

	contents := func() (names []string) {
		entries, err := os.ReadDir(r.path("specs"))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	stored := contents()
	n := serveIn(t, r.Home, nil)
	after := n.pids()
	if now := contents(); !slices.Equal(now, stored) {
		t.Errorf("of what newer records may refer to there is %v, was %v", now, stored)
	}
	adopted := []string{"whole", "nobody", "processes"} // the last two by their mark
	for name, pid := range before {
		switch now, there := after[name]; {
		case slices.Contains(adopted, name):
			if now != pid {
				t.Errorf("%s is process %d, was %d", name, now, pid)
			}
		case there:
			t.Errorf("%s was taken over by its damaged record", name)
			fallthrough
		default:
			endChild(t, pid)
		}
	}
	for name, path := range paths {
		_, err := os.Stat(path + ".damaged")
		if aside := err == nil; aside != !slices.Contains([]string{"whole", "emptied", "newer", "newest"}, name) {
			t.Errorf("%s set aside: %v", name, aside)
		}
		if data, err := os.ReadFile(path); strings.HasPrefix(name, "newe") && (err != nil || !strings.Contains(string(data), `"version":`)) {
			t.Errorf("%s is %q: %v", name, data, err)
		}
	}
	for _, name := range []string{"newer", "want", "no such"} { // as far as the record tells
		if want := "app=" + name; !strings.Contains(strings.ReplaceAll(n.journal.String(), `"`, ""), want) {
			t.Errorf("the log does not name %s, which runs on", name)
		}
	}
}

func truncate(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

func overwrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// state.json is made anew where it can't be read; the apps are taken over, since
// their records tell that they are of this boot.
func TestStateDamaged(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"empty": "", "cut": `{"version":1,"home`, "nothing in it": "{}"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := serve(t)
			r.begin(r.app("app", idle))
			r.up("app")
			pid, id := r.pids()["app"], r.state().HomeID
			r.leave()
			r.write("state.json", text)
			n := serveIn(t, r.Home, nil)
			if got := n.pids()["app"]; got != pid {
				t.Errorf("the app is process %d, was %d", got, pid)
			}
			if st := n.state(); st.HomeID != id || st.Boot == "" || st.NextID != 1 {
				t.Errorf("%+v", st)
			}
			if _, err := os.Stat(n.path("state.json.damaged")); (err == nil) != (text != "") {
				t.Errorf("set aside: %v", err)
			}
		})
	}
}

// A state of a later version is no defect: this program is.
func TestStateNewer(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	text := `{"version":2,"home_id":"x"}`
	overwrite(t, filepath.Join(home, "state.json"), text)
	err := Run(context.Background(), Options{Home: home, Log: slog.New(slog.DiscardHandler)}, nil)
	if err == nil || !strings.Contains(err.Error(), "written by a later version of hub") {
		t.Errorf("%v", err)
	}
	if got, err := os.ReadFile(filepath.Join(home, "state.json")); err != nil || string(got) != text {
		t.Errorf("it holds %q: %v", got, err)
	}
}

// Whoever comes while apps are taken over learns that, or waits.
func TestAnswersWhileAdopting(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("app", idle))
	pid := r.pids()["app"]
	r.leave()
	slow := r.path("run/" + supervise.NewUUID() + ".json") // is read as soon as somebody writes
	if err := unix.Mkfifo(slow, 0o600); err != nil {
		t.Fatal(err)
	}
	n := startIn(t, r.Home, nil)
	listed := make(chan map[string]int, 1)
	adopting := make(chan api.DaemonReply, 1)
	go func() {
		for {
			reply, err := n.Daemon(n.context())
			if err == nil || n.Context().Err() != nil {
				adopting <- reply
				return
			}
		}
	}()
	reply := receive(t, adopting)
	if reply.State != "adopting" || reply.Adopting == nil || reply.PID != os.Getpid() {
		t.Errorf("%+v", reply)
	}
	go func() { listed <- n.pids() }()
	select {
	case got := <-listed:
		t.Errorf("list does not wait: %v", got)
	default:
	}
	overwrite(t, slow, "nothing")
	n.await()
	if got := receive(t, listed); got["app"] != pid {
		t.Errorf("listed %v, want process %d", got, pid)
	}
	if reply, err := n.Daemon(n.context()); err != nil || reply.State != "online" || reply.Adopting != nil {
		t.Errorf("%+v: %v", reply, err)
	}
}

// acknowledgements are a Keeper that remembers what was acknowledged.
type acknowledgements struct {
	supervise.Keeper
	list []uint64
}

func (a *acknowledgements) Recorded(report uint64) { a.list = append(a.list, report) }

// Reports that come before there is anybody to take them wait, in order.
func TestEarlyReports(t *testing.T) {
	t.Parallel()
	acks := &acknowledgements{}
	d := &Daemon{adopted: make(chan struct{}), sup: supervise.New(supervise.Config{Keeper: acks, Log: slog.New(slog.DiscardHandler)}, 0)}
	defer d.sup.Close()
	for n := range uint64(3) {
		d.exited(supervise.NewUUID()+":1", 4711, keeper.Exit{Report: n + 1})
	}
	if len(acks.list) > 0 {
		t.Errorf("acknowledged before adoption: %v", acks.list)
	}
	d.answers()
	d.exited("nobody:1", 4711, keeper.Exit{Report: 4})
	if !slices.Equal(acks.list, []uint64{1, 2, 3, 4}) {
		t.Errorf("acknowledged: %v", acks.list)
	}
	select {
	case <-d.adopted:
	default:
		t.Error("adoption is not over")
	}
}

// A client that came while no daemon lived waits in the socket that the keeper
// holds, and is served by the next.
func TestHeldListener(t *testing.T) {
	t.Parallel()
	home, err := store.OpenHome(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	lock, err := home.Lock()
	if err != nil {
		t.Fatal(err)
	}
	l, err := listen(home)
	if err != nil {
		t.Fatal(err)
	}
	file, err := l.File()
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(pair[1]) }) // after the daemon's end, or that would become the keeper
	client := api.Client{Home: home.Dir}
	conn, err := net.Dial("unix", home.SocketPath())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(`{"method":"` + api.Interface + `.Daemon"}` + "\x00")); err != nil {
		t.Fatal(err)
	}
	duplicate := func(fd int) int { // Run takes them over
		fd, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		return fd
	}
	table := &keeper.Table{
		Protocol: keeper.Protocol, Keeper: os.Getppid(), Socket: pair[0], Lock: duplicate(lock.Descriptor()),
		Held: []keeper.Held{{Key: keeper.APIKey, Files: []keeper.File{{Name: keeper.Listener, FD: duplicate(int(file.Fd()))}}}},
	}
	if err := errors.Join(file.Close(), lock.Close()); err != nil {
		t.Fatal(err)
	}
	n := startIn(t, home.Dir, table)
	n.await()
	buf := make([]byte, 1000)
	size, err := conn.Read(buf)
	if err != nil || !strings.Contains(string(buf[:size]), `"pid":`+strconv.Itoa(os.Getpid())) {
		t.Errorf("answered %q: %v", buf[:size], err)
	}
	if reply, err := client.Daemon(n.context()); err != nil || reply.Keeper != os.Getppid() {
		t.Errorf("%+v: %v", reply, err)
	}
}

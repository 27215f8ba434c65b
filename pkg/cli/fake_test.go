package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/api"
)

// fake is a daemon that answers what a test tells it to.
type fake struct {
	listener net.Listener

	mu      sync.Mutex
	answers map[string]answer
	calls   []fakeCall
}

// answer returns the replies to a call, all but the last one of them to be
// continued, or the error after them.
type answer func(parameters json.RawMessage) ([]any, *api.Error)

type fakeCall struct {
	method     string
	parameters string
}

// replies always answers the same.
func replies(all ...any) answer {
	return func(json.RawMessage) ([]any, *api.Error) { return all, nil }
}

func refuses(err *api.Error) answer {
	return func(json.RawMessage) ([]any, *api.Error) { return nil, err }
}

// describes answers Processes for the rows, each an instance of an app with as
// many of them as there are rows of its name.
func describes(rows []api.Row, hub *api.Detail) answer {
	return func(parameters json.RawMessage) ([]any, *api.Error) {
		var in api.ProcessesCall
		if err := json.Unmarshal(parameters, &in); err != nil {
			return nil, api.Errorf(api.CodeInvalid, "%v", err)
		}
		instances := make(map[string]int)
		for _, r := range rows {
			instances[r.Name]++
		}
		var reply api.ProcessesReply
		for _, target := range in.Targets {
			before := len(reply.Processes)
			for _, r := range rows {
				if target == "all" || isPattern(target) || target == r.Name || target == r.Namespace || target == strconv.Itoa(r.ID) {
					env := api.PM2Env{Username: "first", Instances: instances[r.Name], KillSignal: "SIGINT"}
					reply.Processes = append(reply.Processes, api.Process{Name: r.Name, PMID: r.ID, PM2Env: env, Hub: hub})
				}
			}
			if len(reply.Processes) == before {
				return nil, &api.Error{Code: api.CodeNotFound, Message: "not found", Target: target}
			}
		}
		return []any{reply}, nil
	}
}

// hangsUp closes the connection after the replies.
func hangsUp(all ...any) answer {
	return func(json.RawMessage) ([]any, *api.Error) { return all, &api.Error{Code: "hang up"} }
}

// leaves is hangsUp of a daemon that was ended on purpose.
func leaves(all ...any) answer {
	return func(json.RawMessage) ([]any, *api.Error) { return all, &api.Error{Code: "leave"} }
}

// each answers one call after the other; the last one goes on.
func each(all ...answer) answer {
	var mu sync.Mutex
	n := -1
	return func(parameters json.RawMessage) ([]any, *api.Error) {
		mu.Lock()
		n = min(n+1, len(all)-1)
		now := all[n]
		mu.Unlock()
		return now(parameters)
	}
}

// keeps sends the replies and lets the client wait for more.
func keeps(all ...any) answer {
	return func(json.RawMessage) ([]any, *api.Error) { return all, &api.Error{Code: "keep"} }
}

// serve accepts connections until the listener is closed.
func (f *fake) serve(l net.Listener) {
	var open sync.WaitGroup
	defer open.Wait()
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		open.Go(func() { f.talk(conn) })
	}
}

func (f *fake) talk(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		message, err := in.ReadBytes(0)
		if err != nil {
			return
		}
		var call struct {
			Method     string          `json:"method"`
			Parameters json.RawMessage `json:"parameters"`
		}
		if json.Unmarshal(message[:len(message)-1], &call) != nil || !f.answer(conn, call.Method, call.Parameters) {
			return
		}
	}
}

// answer reports whether the connection stays open.
func (f *fake) answer(conn net.Conn, method string, parameters json.RawMessage) bool {
	short := strings.TrimPrefix(method, api.Interface+".")
	f.mu.Lock()
	f.calls = append(f.calls, fakeCall{short, string(parameters)})
	reply := f.answers[short]
	f.mu.Unlock()
	if reply == nil && short == "Daemon" { // a sign of life before longer calls
		reply = replies(api.DaemonReply{Version: api.Version, State: "online"})
	}
	if reply == nil && short == "Processes" { // apps that came from no file
		reply = replies(api.ProcessesReply{})
	}
	if reply == nil {
		reply = refuses(api.Errorf("org.varlink.service.MethodNotFound", "no answer to %s", method))
	}
	all, failed := reply(parameters)
	for i, r := range all {
		writeMessage(conn, map[string]any{"parameters": r, "continues": i < len(all)-1 || failed != nil})
	}
	if failed == nil || failed.Code == "keep" {
		return true
	}
	switch failed.Code {
	case "hang up":
		return false
	case "leave":
		f.listener.Close() // which removes the socket
		return false
	}
	writeMessage(conn, map[string]any{"error": failed.Code, "parameters": failed})
	return true
}

func writeMessage(conn net.Conn, message any) {
	b, err := json.Marshal(message)
	if err != nil {
		panic(err)
	}
	conn.Write(append(b, 0))
}

// parameters returns what the daemon was asked with, call by call.
func (f *fake) parameters(method string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []string
	for _, c := range f.calls {
		if c.method == method {
			all = append(all, c.parameters)
		}
	}
	return all
}

// ran is what one run of hubctl left.
type ran struct {
	code           int
	stdout, stderr string
}

// place is a folder of its own with a home in it.
type place struct {
	sys            System
	stdout, stderr bytes.Buffer
}

func newPlace(tb testing.TB) *place {
	tb.Helper()
	dir := tb.TempDir()
	p := &place{}
	p.sys = System{
		Stdin:  strings.NewReader(""),
		Stdout: &p.stdout, Stderr: &p.stderr,
		Dir: dir, Home: filepath.Join(dir, "home"),
		Env:  []string{"HOME=" + dir, "PATH=/usr/bin:/bin"},
		Hubd: "/nonexistent/hubd",
	}
	return p
}

// newFake makes a place where a daemon gives the answers.
func newFake(tb testing.TB, answers map[string]answer) (*place, *fake) {
	tb.Helper()
	p, f := newPlace(tb), &fake{answers: answers}
	p.sys.Home = p.sys.Dir
	l, err := net.Listen("unix", filepath.Join(p.sys.Home, "hubd.sock"))
	if err != nil {
		tb.Fatal(err)
	}
	f.listener = l
	done := make(chan struct{})
	go func() { defer close(done); f.serve(l) }()
	tb.Cleanup(func() {
		l.Close()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			tb.Error("a client has left its connection open")
		}
	})
	return p, f
}

// run runs hubctl in the place.
func (p *place) run(tb testing.TB, args ...string) ran {
	tb.Helper()
	return p.runContext(tb.Context(), args...)
}

func (p *place) runContext(ctx context.Context, args ...string) ran {
	p.stdout.Reset()
	p.stderr.Reset()
	code := Main(ctx, args, p.sys)
	dir := p.sys.Dir
	clean := func(b *bytes.Buffer) string { return strings.ReplaceAll(b.String(), dir, "DIR") }
	return ran{code, clean(&p.stdout), clean(&p.stderr)}
}

// check compares what a run left with what it should have.
func (r ran) check(tb testing.TB, code int, stdout, stderr string) {
	tb.Helper()
	if r.code != code {
		tb.Errorf("exit code %d, want %d", r.code, code)
	}
	if r.stdout != stdout {
		tb.Errorf("stdout:\n%s\nwant:\n%s", r.stdout, stdout)
	}
	if r.stderr != stderr {
		tb.Errorf("stderr:\n%s\nwant:\n%s", r.stderr, stderr)
	}
}

// contains checks that a stream holds each text.
func contains(tb testing.TB, stream string, texts ...string) {
	tb.Helper()
	for _, text := range texts {
		if !strings.Contains(stream, text) {
			tb.Errorf("%q is missing in:\n%s", text, stream)
		}
	}
}

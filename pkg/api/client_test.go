package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// deadline is for things that happen at once unless something is broken.
const deadline = 10 * time.Second

// request is a call as it comes over the wire.
type request struct {
	Method     string          `json:"method"`
	Parameters json.RawMessage `json:"parameters"`
	More       bool            `json:"more"`
}

// answering returns a client whose daemon sends these replies, whatever it is
// asked, and then hangs up, and what it was asked.
func answering(t *testing.T, replies ...string) (*Client, <-chan request) {
	t.Helper()
	asked := make(chan request, 1)
	c := &Client{Dial: func(context.Context) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			message, err := bufio.NewReader(theirs).ReadBytes(0)
			if err != nil {
				return
			}
			var r request
			if json.Unmarshal(message[:len(message)-1], &r) != nil {
				return
			}
			asked <- r
			for _, reply := range replies {
				if _, err := io.WriteString(theirs, reply+"\x00"); err != nil {
					return
				}
			}
		}()
		return ours, nil
	}}
	return c, asked
}

func TestClientMethods(t *testing.T) {
	t.Parallel()
	ignore := func([]Result) {}
	two := []string{`{"parameters":{"rows":[{"id":1}]},"continues":true}`, `{"parameters":{"rows":[{"id":2}]}}`}
	results := `{"parameters":{"results":[]}}`
	cases := []struct {
		replies    []string
		call       func(context.Context, *Client) (any, error)
		method     string
		parameters string
		more       bool
		want       any
	}{
		{
			[]string{`{"parameters":{"version":"9","pid":7,"from_the_future":true}}`},
			func(ctx context.Context, c *Client) (any, error) { return c.Daemon(ctx) },
			"Daemon", ``, false, DaemonReply{Version: "9", PID: 7},
		},
		{
			[]string{results}, func(ctx context.Context, c *Client) (any, error) { return nil, c.Kill(ctx, ignore) },
			"Control", `{"action":"kill"}`, true, nil,
		},
		{
			[]string{results}, func(ctx context.Context, c *Client) (any, error) { return nil, c.Leave(ctx) },
			"Control", `{"action":"leave"}`, false, nil,
		},
		{
			[]string{results}, func(ctx context.Context, c *Client) (any, error) {
				return errors.Is(c.Update(ctx, "/new/hubd"), ErrNoAnswer), nil
			},
			"Control", `{"action":"update","program":"/new/hubd"}`, false, true,
		},
		{
			two, func(ctx context.Context, c *Client) (any, error) { return c.List(ctx) },
			"List", `{}`, true, []Row{{ID: 1}, {ID: 2}},
		},
		{
			[]string{`{"parameters":{"rows":[]},"continues":true}`, `{"parameters":{"rows":[],"host":{"cpu":1.5}}}`},
			func(ctx context.Context, c *Client) (any, error) {
				all, err := c.ListHost(ctx)
				return all.Host, err
			},
			"List", `{"host":true}`, true, &Host{CPU: 1.5},
		},
		{
			two[1:], func(ctx context.Context, c *Client) (any, error) { return c.List(ctx, "a", "2") },
			"List", `{"targets":["a","2"]}`, true, []Row{{ID: 2}},
		},
		{
			[]string{`{"parameters":{"processes":[{"pm_id":3}]},"continues":true}`, `{"parameters":{"processes":[]}}`},
			func(ctx context.Context, c *Client) (any, error) { return c.Processes(ctx, true, "a") },
			"Processes", `{"targets":["a"],"detail":true}`, true, []Process{{PMID: 3}},
		},
		{
			[]string{results}, func(ctx context.Context, c *Client) (any, error) {
				return nil, c.Start(ctx, StartCall{Env: []string{"A=1"}, Existing: ExistingAdd}, ignore)
			},
			"Start", `{"specs":null,"env":["A=1"],"existing":"add"}`, true, nil,
		},
		{
			[]string{results}, func(ctx context.Context, c *Client) (any, error) {
				return nil, c.Act(ctx, ActCall{Action: ActionStop, Targets: []string{"all"}}, ignore)
			},
			"Act", `{"action":"stop","targets":["all"]}`, true, nil,
		},
		{
			[]string{`{"parameters":{"files":["/a"]}}`}, func(ctx context.Context, c *Client) (any, error) {
				return c.LogControl(ctx, LogControlCall{Action: ActionFlush})
			},
			"LogControl", `{"action":"flush"}`, false, []string{"/a"},
		},
		{
			[]string{`{"parameters":{"path":"/d","apps":2}}`},
			func(ctx context.Context, c *Client) (any, error) { return c.Dump(ctx, true) },
			"Dump", `{"force":true}`, false, DumpReply{"/d", 2},
		},
		{
			[]string{`{"parameters":{"path":"/d","results":[]}}`},
			func(ctx context.Context, c *Client) (any, error) { return c.Resurrect(ctx, ResurrectCall{}, ignore) },
			"Resurrect", `{}`, true, "/d",
		},
		{
			[]string{`{"parameters":{"path":"/d","apps":[]}}`},
			func(ctx context.Context, c *Client) (any, error) { return c.Saved(ctx) },
			"Saved", ``, false, SavedReply{"/d", []SavedApp{}},
		},
		{
			[]string{`{"parameters":{"strays":[{"pid":5,"command":"x"}]}}`},
			func(ctx context.Context, c *Client) (any, error) { return c.Strays(ctx) },
			"Strays", ``, false, []Stray{{PID: 5, Command: "x"}},
		},
	}
	for _, c := range cases {
		t.Run(c.method, func(t *testing.T) {
			t.Parallel()
			client, asked := answering(t, c.replies...)
			got, err := c.call(t.Context(), client)
			if err != nil {
				t.Fatal(err)
			}
			r := <-asked
			if r.Method != Interface+"."+c.method || r.More != c.more || string(r.Parameters) != c.parameters {
				t.Errorf("asked %+v with %s", r, r.Parameters)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// Empty batches, such as the last reply of a stream, are not handed on.
func TestClientResultsComeAsTheyCome(t *testing.T) {
	t.Parallel()
	c, _ := answering(t,
		`{"parameters":{"results":[{"id":1}]},"continues":true}`,
		`{"parameters":{"results":[{"id":2},{"id":3}]},"continues":true}`,
		`{"parameters":{"results":[]}}`)
	var sizes []int
	err := c.Act(t.Context(), ActCall{}, func(r []Result) { sizes = append(sizes, len(r)) })
	if err != nil || !reflect.DeepEqual(sizes, []int{1, 2}) {
		t.Errorf("batches of %v: %v", sizes, err)
	}
}

func TestClientErrors(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reply string
		want  Error
	}{
		"whole": {
			`{"error":"com.leadmaster.hub.NotFound","parameters":{"message":"m","hint":"h","target":"t","later":1}}`,
			Error{CodeNotFound, "m", "h", "t"},
		},
		"no parameters":     {`{"error":"com.leadmaster.hub.Failed"}`, Error{Code: CodeFailed, Message: "Failed"}},
		"odd parameters":    {`{"error":"com.leadmaster.hub.Failed","parameters":[1]}`, Error{Code: CodeFailed, Message: "[1]"}},
		"another interface": {`{"error":"org.example.Broken","parameters":{}}`, Error{Code: "org.example.Broken", Message: "org.example.Broken"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := answering(t, c.reply)
			_, err := client.Daemon(t.Context())
			var e *Error
			if !errors.As(err, &e) || *e != c.want {
				t.Errorf("got %#v, want %#v", err, c.want)
			}
			if err.Error() != c.want.Message {
				t.Errorf("it says %q", err)
			}
		})
	}
}

func TestErrorf(t *testing.T) {
	t.Parallel()
	if e := Errorf(CodeRefused, "%d apps", 2); *e != (Error{Code: CodeRefused, Message: "2 apps"}) {
		t.Errorf("got %#v", e)
	}
}

// What a standard error of Varlink says must reach the user in some form.
func TestClientStandardErrors(t *testing.T) {
	t.Parallel()
	for reply, word := range map[string]string{
		`{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"Fly"}}`:           "Fly",
		`{"error":"org.varlink.service.InterfaceNotFound","parameters":{"interface":"a.b"}}`:     "a.b",
		`{"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"altitude"}}`: "altitude",
	} {
		client, _ := answering(t, reply)
		_, err := client.Daemon(t.Context())
		var e *Error
		if !errors.As(err, &e) || e.Target != word || !strings.Contains(e.Message, word) {
			t.Errorf("%s: %#v", reply, err)
		}
	}
}

func TestClientBrokenReplies(t *testing.T) {
	t.Parallel()
	row := `{"parameters":{"rows":[{"id":1}]},"continues":true}`
	for name, replies := range map[string][]string{
		"hangs up at once":        {},
		"hangs up in the middle":  {row},
		"no JSON":                 {`hello`},
		"another shape":           {`{"parameters":{"rows":7}}`},
		"no JSON after a reply":   {row, `{`},
		"another shape of a part": {`{"parameters":{"rows":[{"id":"x"}]}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := answering(t, replies...)
			_, err := client.List(t.Context())
			var e *Error
			if err == nil || errors.As(err, &e) || !strings.HasPrefix(err.Error(), "call ") {
				t.Errorf("got %v", err)
			}
			if none := len(replies) == 0; errors.Is(err, ErrNoAnswer) != none {
				t.Errorf("%v is ErrNoAnswer: %v", err, !none)
			}
		})
	}
}

func TestClientStopsWhenEachFails(t *testing.T) {
	t.Parallel()
	line := `{"parameters":{"sources":[],"lines":[]},"continues":true}`
	client, _ := answering(t, line, line, line)
	enough := errors.New("enough")
	calls := 0
	err := client.Logs(t.Context(), LogsCall{Follow: true}, func(*LogsReply) error {
		calls++
		return enough
	})
	if err != enough || calls != 1 { // handed on as it is
		t.Errorf("%v after %d calls", err, calls)
	}
}

func TestClientCancel(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	defer theirs.Close()
	client := &Client{Dial: func(context.Context) (net.Conn, error) { return ours, nil }}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- client.Events(ctx, true, func([]Event) error { return nil })
	}()
	in := bufio.NewReader(theirs)
	if _, err := in.ReadBytes(0); err != nil { // it was asked, and does not answer
		t.Fatal(err)
	}
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	case <-time.After(deadline):
		t.Fatal("the call goes on")
	}
	if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("the connection is still open: %v", err)
	}
}

func TestClientNotRunning(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	dead := filepath.Join(dir, "dead")
	file := filepath.Join(dir, "file")
	if err := errors.Join(os.Mkdir(dead, 0o700), os.WriteFile(file, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	leaveSocket(t, filepath.Join(dead, "hubd.sock"))
	for name, home := range map[string]string{
		"no home": filepath.Join(dir, "none"), "no socket": dir, "a file": file, "nobody listens": dead,
	} {
		c := Client{Home: home}
		if _, err := c.Daemon(t.Context()); !errors.Is(err, ErrNotRunning) {
			t.Errorf("%s: %v, want ErrNotRunning", name, err)
		}
	}
	c := Client{Dial: func(context.Context) (net.Conn, error) { return nil, fs.ErrPermission }}
	if _, err := c.Daemon(t.Context()); !errors.Is(err, fs.ErrPermission) || errors.Is(err, ErrNotRunning) {
		t.Errorf("no permission: %v", err)
	}
}

// leaveSocket leaves a socket as a daemon does that was killed.
func leaveSocket(t *testing.T, path string) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrUnix{Name: path}), unix.Close(fd)); err != nil {
		t.Fatal(err)
	}
}

// serveHome answers one call in a home of any length.
func serveHome(t *testing.T, home, reply string) {
	t.Helper()
	if err := os.MkdirAll(home, 0o700); err != nil {
		t.Fatal(err)
	}
	// A socket address holds 108 bytes: bind under a short name, then move.
	short := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: short, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	t.Cleanup(func() { l.Close() })
	if err := os.Rename(short, filepath.Join(home, "hubd.sock")); err != nil {
		t.Fatal(err)
	}
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		if _, err := bufio.NewReader(conn).ReadBytes(0); err == nil {
			_, _ = io.WriteString(conn, reply+"\x00")
		}
	}()
}

func TestClientLongHome(t *testing.T) {
	t.Parallel()
	home := filepath.Join(t.TempDir(), strings.Repeat("long/", 40), "home")
	serveHome(t, home, `{"parameters":{"pid":42}}`)
	c := Client{Home: home}
	if r, err := c.Daemon(t.Context()); err != nil || r.PID != 42 {
		t.Errorf("%+v: %v", r, err)
	}
}

// Not parallel: it changes this process's environment.
func TestHome(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HUB_HOME", home)
	if got, err := Home(); got != home || err != nil {
		t.Errorf("HUB_HOME=%s: %s, %v", home, got, err)
	}
	serveHome(t, home, `{"parameters":{"pid":43}}`)
	var zero Client
	if r, err := zero.Daemon(t.Context()); err != nil || r.PID != 43 {
		t.Errorf("the zero client: %+v, %v", r, err)
	}
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HUB_HOME", "here/../there")
	if got, err := Home(); got != filepath.Join(wd, "there") || err != nil {
		t.Errorf("a relative HUB_HOME: %s, %v", got, err)
	}
	t.Setenv("HUB_HOME", "")
	t.Setenv("HOME", "/home/somebody")
	if got, err := Home(); got != "/home/somebody/.hub" || err != nil {
		t.Errorf("no HUB_HOME: %s, %v", got, err)
	}
	t.Setenv("HOME", "")
	if got, err := Home(); got != "/etc/.hub" || err != nil {
		t.Errorf("no home at all: %s, %v", got, err)
	}
}

func TestLogLineBytes(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "plain", "\xff\x00"} {
		l := LogLine{Text: text}
		if text == "\xff\x00" {
			l = LogLine{Base64: []byte(text)}
		}
		raw, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		var back LogLine
		if err := json.Unmarshal(raw, &back); err != nil || string(back.Bytes()) != text {
			t.Errorf("%q came back as %q: %v", text, back.Bytes(), err)
		}
	}
}

// Where nobody listens Absent may change that, on both ways to the socket.
func TestClientAbsent(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	refused := errors.New("no daemon for you")
	for name, call := range map[string]func(*Client) error{
		"Daemon": func(c *Client) error { _, err := c.Daemon(t.Context()); return err },
		"List":   func(c *Client) error { _, err := c.List(t.Context()); return err },
	} {
		c := &Client{Home: home, Absent: func(context.Context) error { return refused }}
		if err := call(c); !errors.Is(err, refused) {
			t.Errorf("%s: %v, want the error of Absent", name, err)
		}
		var l net.Listener
		c.Absent = func(context.Context) (err error) {
			l, err = net.Listen("unix", filepath.Join(home, "hubd.sock"))
			go func() {
				if conn, err := l.Accept(); err == nil {
					conn.Close()
				}
			}()
			return err
		}
		if err := call(c); !errors.Is(err, ErrNoAnswer) {
			t.Errorf("%s: %v, want a connection that has no answer", name, err)
		}
		l.Close()
	}
}

// A socket that has lost its daemon is not the same as none.
func TestClientTellsRefusedFromAbsent(t *testing.T) {
	t.Parallel()
	c := &Client{Home: t.TempDir()}
	if _, err := c.Daemon(t.Context()); !errors.Is(err, ErrNotRunning) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(c.Home, "hubd.sock"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if _, err := c.Daemon(t.Context()); !errors.Is(err, ErrNotRunning) || !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("%v", err)
	}
}

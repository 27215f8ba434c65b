package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/api"
)

// dial connects to the daemon's socket without the client's help.
func (h *home) dial() *net.UnixConn {
	h.t.Helper()
	conn, err := net.Dial("unix", filepath.Join(h.Home, "hubd.sock"))
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		h.t.Fatal(err)
	}
	return conn.(*net.UnixConn)
}

// request is a Varlink call as it goes over the wire.
func request(method, parameters string) []byte {
	return fmt.Appendf(nil, `{"method":"%s.%s","parameters":%s}`+"\x00", api.Interface, method, parameters)
}

// reply is an answer of the daemon.
type reply struct {
	Error      string          `json:"error"`
	Parameters json.RawMessage `json:"parameters"`
	Continues  bool            `json:"continues"`
}

func readReply(r *bufio.Reader) (reply, error) {
	var answer reply
	data, err := r.ReadBytes(0)
	if err == nil {
		err = json.Unmarshal(bytes.TrimSuffix(data, []byte{0}), &answer)
	}
	return answer, err
}

func mustWrite(t *testing.T, conn net.Conn, data []byte) {
	t.Helper()
	if _, err := conn.Write(data); err != nil {
		t.Fatal(err)
	}
}

func TestHalfClosedConnectionGetsItsAnswers(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	conn := h.dial()
	mustWrite(t, conn, append(request("Daemon", "{}"), request("List", "{}")...))
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	for n := range 2 {
		if answer, err := readReply(r); err != nil || answer.Error != "" {
			t.Fatalf("answer %d: %+v, %v", n+1, answer, err)
		}
	}
	if _, err := r.ReadByte(); err != io.EOF {
		t.Errorf("after the answers: %v, want EOF", err)
	}
}

// The command of a client that leaves at once is carried out.
func TestCommandOfAClientThatLeaves(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.hubctl("start", "sleep", "--name", "app", "--", "1000")
	conn := h.dial()
	mustWrite(t, conn, request("Act", `{"action":"stop","targets":["app"]}`))
	conn.Close()
	eventually(t, func() error { return holds(t.Context(), h.Client, "app", []string{"stopped"}) })
}

func TestMessageWithoutEnd(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	before := h.daemonPID()
	conn := h.dial()
	chunk := bytes.Repeat([]byte("x"), 1<<20)
	sent := 0
	for sent < 256<<20 {
		n, err := conn.Write(chunk)
		sent += n
		if err != nil {
			if !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
				t.Fatal(err)
			}
			break
		}
	}
	if sent >= 256<<20 {
		t.Errorf("the daemon took %d bytes of one message", sent)
	}
	if after := h.daemonPID(); after != before {
		t.Errorf("the daemon was %d and is %d", before, after)
	}
}

func TestRefusedMessages(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	for name, test := range map[string]struct {
		message []byte
		want    string // in the answer; empty: the connection ends
	}{
		"garbage":             {[]byte("\x01\x02garbage\x00"), ""},
		"empty":               {[]byte("\x00"), ""},
		"not an object":       {[]byte("[1,2,3]\x00"), ""},
		"unknown method":      {request("Explode", "{}"), "MethodNotFound"},
		"unknown interface":   {[]byte(`{"method":"org.nowhere.Explode"}` + "\x00"), "InterfaceNotFound"},
		"unknown field":       {request("List", `{"tragets":["a"]}`), "tragets"},
		"field of wrong type": {request("List", `{"targets":7}`), "targets"},
		"unknown target":      {request("List", `{"targets":["nobody"]}`), "nobody"},
		"unknown spec field":  {request("Start", `{"specs":[{"name":"a","colour":"red"}],"env":[]}`), "colour"},
	} {
		t.Run(name, func(t *testing.T) {
			conn := h.dial()
			mustWrite(t, conn, test.message)
			answer, err := readReply(bufio.NewReader(conn))
			whole := answer.Error + string(answer.Parameters)
			switch {
			case test.want == "" && err == nil && answer.Error == "":
				t.Errorf("answered with %s", answer.Parameters)
			case test.want != "" && (answer.Error == "" || !strings.Contains(whole, test.want)):
				t.Errorf("got %q, %v; want an error with %q", whole, err, test.want)
			}
		})
	}
	h.daemonPID()
}

// 300 connections that say nothing keep nobody out, while they are there and
// afterwards.
func TestManyConnections(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.hubctl("start", "sleep", "--name", "app", "--", "1000")
	conns := make([]net.Conn, 300)
	for n := range conns {
		conns[n] = h.dial()
	}
	h.hubctl("restart", "app")
	for _, c := range conns {
		c.Close()
	}
	if err := holds(t.Context(), h.Client, "app", []string{"online", "restart_time=1"}); err != nil {
		t.Error(err)
	}
}

func TestFloodOfCalls(t *testing.T) {
	t.Parallel()
	const clients, calls = 20, 200
	h := newHome(t)
	h.hubctl("start", "sleep", "--name", "app", "--", "1000")
	var wg sync.WaitGroup
	for range clients {
		conn := h.dial()
		wg.Go(func() {
			_, err := conn.Write(bytes.Repeat(request("List", "{}"), calls))
			if err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			r := bufio.NewReader(conn)
			for n := range calls {
				if answer, err := readReply(r); err != nil || answer.Error != "" {
					t.Errorf("answer %d: %+v, %v", n+1, answer, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if err := holds(t.Context(), h.Client, "app", []string{"online", "restart_time=0"}); err != nil {
		t.Error(err)
	}
}

// A client that asks for a stream and reads none of it holds nobody up.
func TestClientThatDoesNotRead(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.hubctl("start", "child lines line 100000; exec sleep 1000", "--name", "app")
	conn := h.dial()
	mustWrite(t, conn, fmt.Appendf(nil, `{"method":"%s.Logs","more":true,"parameters":{"targets":["app"],"lines":100000,"follow":true}}`+"\x00", api.Interface))
	eventually(t, func() error {
		data, err := os.ReadFile(filepath.Join(h.Home, "logs", "app-out.log"))
		if err == nil && !bytes.HasSuffix(data, []byte("line 100000\n")) {
			err = fmt.Errorf("the log has %d bytes", len(data))
		}
		return err
	})
	h.hubctl("restart", "app")
	h.daemonPID()
}

package console

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestLines(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		say            func(*Console)
		stdout, stderr string
	}{
		"listening": {
			say:    func(c *Console) { c.Listening(3012) },
			stdout: "🚀 Leadmaster Central Hub corriendo en http://localhost:3012\n",
		},
		"SIGTERM": {
			say:    func(c *Console) { c.Signal(syscall.SIGTERM) },
			stdout: "\n⚠️  SIGTERM recibido. Cerrando servidor...\n",
		},
		"SIGINT": {
			say:    func(c *Console) { c.Signal(os.Interrupt) },
			stdout: "\n⚠️  SIGINT recibido. Cerrando servidor...\n",
		},
		"closed": {
			say:    (*Console).Closed,
			stdout: "✅ Servidor cerrado correctamente\n",
		},
		"forced": {
			say:    (*Console).Forced,
			stderr: "❌ Tiempo de espera excedido. Forzando cierre.\n",
		},
		"exception": {
			say:    func(c *Console) { c.Exception(errors.New("boom"), []byte("stack\n")) },
			stderr: "❌ UNCAUGHT EXCEPTION: boom\nstack\n",
		},
		"error log": {
			say:    func(c *Console) { c.ErrorLog().Printf("http: Accept error") },
			stderr: "❌ UNCAUGHT EXCEPTION: http: Accept error\n",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			test.say(New(&stdout, &stderr))
			if stdout.String() != test.stdout || stderr.String() != test.stderr {
				t.Errorf("printed %q and %q, want %q and %q", &stdout, &stderr, test.stdout, test.stderr)
			}
		})
	}
}

// channelWriter hands each write to the test.
type channelWriter chan string

func (w channelWriter) Write(p []byte) (int, error) {
	w <- string(p)
	return len(p), nil
}

func TestGoRecovers(t *testing.T) {
	t.Parallel()
	stderr := make(channelWriter)
	New(nil, stderr).Go("the sweeper", func() { panic("no broom") })
	got := <-stderr
	want := "❌ UNHANDLED REJECTION at: the sweeper\nReason: no broom\n"
	if !strings.HasPrefix(got, want) {
		t.Errorf("printed %q, want it to begin with %q", got, want)
	}
	if !strings.Contains(got, "TestGoRecovers") {
		t.Errorf("no stack of the panic in %q", got)
	}
}

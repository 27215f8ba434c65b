// Package console prints the hub's log lines. Operators and their scripts look
// for these exact texts, so all of them are here and the hub prints no others.
package console

import (
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Console writes plain lines without time or level: the process manager stamps
// them. Each message is one write, so that those of several goroutines do not
// mix; the writers must be safe for concurrent use, as os.File is.
type Console struct {
	stdout, stderr io.Writer
}

// New returns a Console; news go to stdout, trouble to stderr.
func New(stdout, stderr io.Writer) *Console {
	return &Console{stdout, stderr}
}

// Listening says that connections are accepted on port.
func (c *Console) Listening(port int) {
	fmt.Fprintf(c.stdout, "🚀 Leadmaster Central Hub corriendo en http://localhost:%d\n", port)
}

// ListeningAt says that connections are accepted on the Unix socket at path.
func (c *Console) ListeningAt(path string) {
	fmt.Fprintf(c.stdout, "🚀 Leadmaster Central Hub corriendo en unix:%s\n", path)
}

// Elsewhere says that PORT names another port than the socket that was passed, at
// address, which stays unused.
func (c *Console) Elsewhere(port int, address string) {
	fmt.Fprintf(c.stdout, "ℹ️  PORT=%d no es el puerto del socket recibido (%s), que queda sin usar\n", port, address)
}

// Signal says that sig asked the hub to end.
func (c *Console) Signal(sig os.Signal) {
	name := sig.String()
	if number, ok := sig.(syscall.Signal); ok {
		name = unix.SignalName(number)
	}
	fmt.Fprintf(c.stdout, "\n⚠️  %s recibido. Cerrando servidor...\n", name)
}

// Closed says that every request was answered and the hub ends.
func (c *Console) Closed() {
	fmt.Fprintln(c.stdout, "✅ Servidor cerrado correctamente")
}

// Forced says that requests were still running at the limit and the hub ends
// all the same.
func (c *Console) Forced() {
	fmt.Fprintln(c.stderr, "❌ Tiempo de espera excedido. Forzando cierre.")
}

// Exception tells of an error or a panic value that nothing handled, followed
// by the stack where there is one.
func (c *Console) Exception(reason any, stack []byte) {
	fmt.Fprintf(c.stderr, "❌ UNCAUGHT EXCEPTION: %v\n%s", reason, stack)
}

// ErrorLog returns a logger for code that insists on one, such as net/http:
// what it has to say, failures of accept(2) for example, is an Exception.
func (c *Console) ErrorLog() *log.Logger {
	return log.New(exceptions{c}, "", 0)
}

type exceptions struct{ console *Console }

func (e exceptions) Write(line []byte) (int, error) {
	e.console.Exception(strings.TrimRight(string(line), "\n"), nil)
	return len(line), nil
}

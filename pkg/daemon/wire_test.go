package daemon

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/varlink/go/varlink/idl"
)

// dialog is a connection on which a test says what it likes.
type dialog struct {
	testing.TB
	net.Conn
	in *bufio.Reader
}

// reply is what comes back.
type reply struct {
	Parameters json.RawMessage
	Continues  bool
	Error      string
}

// connect opens a connection that is closed with the test.
func (r *rig) connect() *dialog {
	r.Helper()
	conn, err := net.Dial("unix", r.path("hubd.sock"))
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(deadline)); err != nil {
		r.Fatal(err)
	}
	return &dialog{r, conn, bufio.NewReader(conn)}
}

func (l *dialog) send(messages ...string) {
	l.Helper()
	if _, err := io.WriteString(l, strings.Join(messages, "\x00")+"\x00"); err != nil {
		l.Fatal(err)
	}
}

// next is the next reply, which must fit the interface.
func (l *dialog) next(method string) reply {
	l.Helper()
	text, err := l.in.ReadBytes(0)
	if err != nil {
		l.Fatalf("%s: no answer: %v", method, err)
	}
	var r reply
	if err := json.Unmarshal(text[:len(text)-1], &r); err != nil {
		l.Fatalf("%s: %v: %s", method, err, text)
	}
	if name, ok := strings.CutPrefix(method, api.Interface+"."); ok {
		if err := fits(name, r); err != nil {
			l.Errorf("%s: %v: %s", method, err, text)
		}
	}
	return r
}

// ask makes one call and returns its only reply.
func (l *dialog) ask(method, parameters string) reply {
	l.Helper()
	if parameters == "" {
		l.send(fmt.Sprintf(`{"method":%q}`, method))
	} else {
		l.send(fmt.Sprintf(`{"method":%q,"parameters":%s}`, method, parameters))
	}
	return l.next(method)
}

// wantClosed wants the daemon to have hung up.
func (l *dialog) wantClosed() {
	l.Helper()
	if rest, err := io.ReadAll(l.in); len(rest) > 0 || isTimeout(err) {
		l.Errorf("the connection is open, %q came: %v", rest, err)
	}
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

func full(method string) string { return api.Interface + "." + method }

// fits checks a reply against the interface file: every field is declared, none
// is missing, null stands only where it may.
func fits(method string, r reply) error {
	d, err := idl.New(api.Description)
	if err != nil {
		return err
	}
	var want *idl.Type
	if name, ok := strings.CutPrefix(r.Error, api.Interface+"."); ok {
		for _, e := range d.Errors {
			if e.Name == name {
				want = e.Type
			}
		}
	} else if r.Error == "" {
		for _, m := range d.Methods {
			if m.Name == method {
				want = m.Out
			}
		}
	} else {
		return nil // of Varlink itself
	}
	if want == nil {
		return fmt.Errorf("%s %s is not declared", method, r.Error)
	}
	var value any
	if err := json.Unmarshal(r.Parameters, &value); err != nil {
		return err
	}
	return describes(d, want, value, "")
}

func describes(d *idl.IDL, want *idl.Type, value any, at string) error {
	ok := false
	switch want.Kind {
	case idl.TypeMaybe:
		if value == nil {
			return nil
		}
		return describes(d, want.ElementType, value, at)
	case idl.TypeAlias:
		for _, a := range d.Aliases {
			if a.Name == want.Alias {
				return describes(d, a.Type, value, at)
			}
		}
	case idl.TypeBool:
		_, ok = value.(bool)
	case idl.TypeInt:
		var n float64
		n, ok = value.(float64)
		ok = ok && n == math.Trunc(n)
	case idl.TypeFloat:
		_, ok = value.(float64)
	case idl.TypeString:
		_, ok = value.(string)
	case idl.TypeArray:
		var list []any
		list, ok = value.([]any)
		for n, v := range list {
			if err := describes(d, want.ElementType, v, fmt.Sprintf("%s[%d]", at, n)); err != nil {
				return err
			}
		}
	case idl.TypeMap, idl.TypeObject:
		_, ok = value.(map[string]any)
	case idl.TypeStruct:
		return structure(d, want, value, at)
	}
	if !ok {
		return fmt.Errorf("%s: %v is not of the declared type", at, value)
	}
	return nil
}

func structure(d *idl.IDL, want *idl.Type, value any, at string) error {
	fields, ok := value.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: %v is no structure", at, value)
	}
	for _, f := range want.Fields {
		v, there := fields[f.Name]
		if !there && f.Type.Kind != idl.TypeMaybe {
			return fmt.Errorf("%s.%s is missing", at, f.Name)
		}
		if err := describes(d, f.Type, v, at+"."+f.Name); err != nil {
			return err
		}
		delete(fields, f.Name)
	}
	for name := range fields {
		return fmt.Errorf("%s.%s is not declared", at, name)
	}
	return nil
}

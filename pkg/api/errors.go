package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/varlink/go/varlink"
)

// Names of the errors that the interface declares.
const (
	CodeNotFound     = Interface + ".NotFound"
	CodeRefused      = Interface + ".Refused"
	CodeInvalid      = Interface + ".Invalid"
	CodeFailed       = Interface + ".Failed"
	CodeEnding       = Interface + ".Ending"
	CodeExpectedMore = Interface + ".ExpectedMore"
)

// Error is an error of the interface: what went wrong, what to do next, and
// what it is about.
type Error struct {
	Code    string `json:"-"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
	Target  string `json:"target"`
}

func (e *Error) Error() string { return e.Message }

// Errorf makes an Error of the given code.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// ErrNotRunning means that no daemon answers on the socket.
var ErrNotRunning = errors.New("no daemon is running")

// notRunning is ErrNotRunning with what connect(2) has said: ECONNREFUSED where
// the socket has lost its daemon, ENOENT where that took it along as it ended.
type notRunning struct{ cause error }

func (e *notRunning) Error() string        { return ErrNotRunning.Error() }
func (e *notRunning) Is(target error) bool { return target == ErrNotRunning }
func (e *notRunning) Unwrap() error        { return e.cause }

// ErrNoAnswer means that the connection ended before the first reply: the
// daemon was ending, or died.
var ErrNoAnswer = errors.New("the daemon ended before it answered")

// fromVarlink turns an error reply into an *Error, and returns nil for an error
// that is none.
func fromVarlink(err error) error {
	var reply *varlink.Error
	var noInterface *varlink.InterfaceNotFound
	var noMethod *varlink.MethodNotFound
	var parameter *varlink.InvalidParameter
	switch {
	case errors.As(err, &reply):
		return fromReply(reply)
	case errors.As(err, &noInterface):
		return &Error{Code: err.Error(), Message: "the daemon has no interface " + noInterface.Interface, Target: noInterface.Interface}
	case errors.As(err, &noMethod):
		return &Error{Code: err.Error(), Message: "the daemon has no method " + noMethod.Method, Target: noMethod.Method}
	case errors.As(err, &parameter):
		return &Error{Code: err.Error(), Message: "parameter " + parameter.Parameter + " is wrong", Target: parameter.Parameter}
	}
	return nil
}

func fromReply(v *varlink.Error) *Error {
	e := &Error{Code: v.Name}
	if raw, ok := v.Parameters.(*json.RawMessage); ok && raw != nil {
		if json.Unmarshal(*raw, e) != nil {
			e.Message = string(*raw)
		}
	}
	if e.Message == "" {
		e.Message = strings.TrimPrefix(v.Name, Interface+".")
	}
	return e
}

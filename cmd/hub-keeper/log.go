package main

import (
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

const (
	levelInfo  = "INFO"
	levelWarn  = "WARN"
	levelError = "ERROR"
)

// say writes a line to stderr, which is hubd's log, as hubd's own logger does
// (log/slog's TextHandler, which would bring fmt and encoding/json along).
func say(level, message string, pairs ...string) {
	b := time.Now().AppendFormat([]byte("time="), "2006-01-02T15:04:05.000Z07:00")
	b = append(b, " level="...)
	b = append(b, level...)
	b = append(b, " msg="...)
	b = appendValue(b, message)
	for i := 0; i+1 < len(pairs); i += 2 {
		b = append(b, ' ')
		b = append(b, pairs[i]...)
		b = append(b, '=')
		b = appendValue(b, pairs[i+1])
	}
	_, _ = unix.Write(2, append(b, '\n')) // there is nobody to tell
}

func appendValue(b []byte, value string) []byte {
	plain := value != ""
	for _, c := range []byte(value) {
		if c <= ' ' || c == '"' || c == '=' || c > '~' {
			plain = false
		}
	}
	if plain {
		return append(b, value...)
	}
	return strconv.AppendQuote(b, value)
}

// ending says how a process ended, in the words of hubd's log.
func ending(status unix.WaitStatus) string {
	if !status.Signaled() {
		return "exited with code " + text(status.ExitStatus())
	}
	name := unix.SignalName(status.Signal())
	if name == "" {
		name = "signal " + text(int(status.Signal()))
	}
	if status.CoreDump() {
		return "killed by " + name + " (core dumped)"
	}
	return "killed by " + name
}

package ipc

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// Node's protocol wraps a message that goes with a descriptor, and sends
// nothing more until the other side has answered
// (lib/internal/child_process.js).
const (
	handleCmd  = "NODE_HANDLE"
	handleHead = `{"cmd":"NODE_HANDLE",`
	handleAck  = `{"cmd":"NODE_HANDLE_ACK"}` + "\n"
)

type kind int

const (
	malformed kind = iota
	blank
	user     // for the application
	internal // Node's own; process.on('message') would not show it either
	handle   // came with a descriptor: to be acknowledged
)

// classify tells what a frame is and what of it is for the application: the
// frame itself, or what a handle frame wraps (nil if that is internal).
func classify(frame []byte) (kind, json.RawMessage) {
	frame = bytes.TrimSpace(frame)
	if len(frame) == 0 {
		return blank, nil
	}
	if !json.Valid(frame) {
		return malformed, nil
	}
	if !utf8.Valid(frame) { // encoding/json lets it pass; Node replaces it too
		frame = bytes.ToValidUTF8(frame, []byte("\uFFFD"))
	}
	cmd, fields := command(frame)
	switch {
	case cmd == "":
		return user, frame
	case cmd != handleCmd:
		return internal, nil
	}
	msg := fields["msg"]
	if inner, _ := command(msg); inner != "" {
		msg = nil
	}
	return handle, msg
}

// command returns the cmd of an internal message, "" for any other. Node calls
// internal what has a string field cmd that starts with NODE_ and is longer.
func command(msg []byte) (string, map[string]json.RawMessage) {
	const prefix = "NODE_"
	if !bytes.HasPrefix(msg, []byte("{")) || !bytes.Contains(msg, []byte(prefix)) {
		return "", nil
	}
	// A map, not a struct: fields of a struct match in any case.
	var fields map[string]json.RawMessage
	var cmd string
	if json.Unmarshal(msg, &fields) != nil || json.Unmarshal(fields["cmd"], &cmd) != nil {
		return "", nil
	}
	if len(cmd) <= len(prefix) || cmd[:len(prefix)] != prefix {
		return "", nil
	}
	return cmd, fields
}

// IsReady reports whether msg is the JSON string "ready", which PM2 and we take
// as an app's word that it serves. Nothing else means ready: not an object with
// such a field, not another case.
func IsReady(msg []byte) bool {
	return string(bytes.TrimSpace(msg)) == `"ready"`
}

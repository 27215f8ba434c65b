package supervise

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of what an app's messages may cost and hide: bytes of one that are
// shown, and how many are at once and in a second.
const (
	messageText = 1 << 10
	messageRoom = 20
)

// appMessage is a message of the app over its IPC channel, as text.
type appMessage struct {
	gen  int
	text string
}

// messageGate lets so many messages of a launch pass that an app can neither
// occupy the daemon nor cut off those who follow events. It belongs to the
// loop's goroutine.
type messageGate struct {
	since  time.Time // of the first in this second
	passed int
	held   int // not let pass since the last one
}

// pass returns the text of a message, or false for one that is too many. The
// next one that passes says how many that were.
func (g *messageGate) pass(now time.Time, msg []byte) (string, bool) {
	if now.Sub(g.since) >= time.Second {
		g.since, g.passed = now, 0
	}
	if g.passed == messageRoom {
		g.held++
		return "", false
	}
	g.passed++
	text := oneLine(msg)
	if g.held > 0 {
		text = fmt.Sprintf("(%d left out) %s", g.held, text)
		g.held = 0
	}
	return text, true
}

// oneLine makes a text of a message that is no longer than messageText and can't
// move a cursor or change the order of characters.
func oneLine(msg []byte) string {
	end := ""
	if len(msg) > messageText {
		msg, end = msg[:messageText], "…"
		for len(msg) > 0 && !utf8.FullRune(msg[lastRune(msg):]) {
			msg = msg[:lastRune(msg)]
		}
	}
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Bidi_Control, r):
			return unicode.ReplacementChar
		}
		return r
	}, string(msg)) + end
}

// lastRune returns where the last character begins, whole or not.
func lastRune(text []byte) int {
	at := len(text) - 1
	for at > 0 && !utf8.RuneStart(text[at]) {
		at--
	}
	return at
}

// heard tells followers of a message. It is no part of the history, where it
// would push out what happened to the app.
func (i *Instance) heard(m appMessage) {
	if i.find(m.gen) != nil {
		i.sup.bus.offer(i.event(note{kind: "message", reason: m.text}))
	}
}

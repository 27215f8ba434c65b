package account

import (
	"strconv"
	"strings"
)

// Streams of a process.
const (
	Out = "out"
	Err = "err"
)

const page = 4096

// Text returns the line with that number of a stream, without its newline. It
// says in every part who wrote it, so that the rest of a line which was cut in
// two still finds its beginning. mixed lines are now and then longer than a page
// and longer than a pipe; the others are short.
func Text(key string, seq int, mixed bool) string {
	number := strconv.Itoa(seq)
	head := key + " " + number + " "
	if !mixed {
		return head + "."
	}
	room := length(seq) - len(head)
	part := key + ":" + number + " "
	return head + strings.Repeat(part, room/len(part)+1)[:room]
}

// length is that of a mixed line. The long ones leave a good part of a page over:
// a pipe takes that first, and it must hold the line's head.
func length(seq int) int {
	switch kind := (seq*7919 + 13) % 1000; {
	case kind < 4:
		return (17+seq%20)*page + 512
	case kind < 40:
		return (1+seq%3)*page + 512
	default:
		return 120 + kind%150
	}
}

// Head reads whose line this is, and its number.
func Head(text string) (key string, seq int, ok bool) {
	key, rest, ok := strings.Cut(text, " ")
	number, _, more := strings.Cut(rest, " ")
	if !ok || !more {
		return "", 0, false
	}
	seq, err := strconv.Atoi(number)
	return key, seq, err == nil && seq > 0
}

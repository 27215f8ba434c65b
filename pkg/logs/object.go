package logs

import (
	"bytes"
	"strconv"
	"time"
	"unicode/utf8"
)

// Object is what a JSON object around a line says of it beside its text and
// time: {"message":"…","timestamp":"…","type":"out","process_id":0,"app_name":"x"}.
// Bytes that are not UTF-8 become U+FFFD.
//
// A line that has no end yet stays in the pipe until it has one. A long one is
// written in pieces, whose file is not the others' until the object is whole.
type Object struct {
	Type string // "out" or "err"
	ID   int    // of the instance
	App  string
}

const (
	// isoFormat is the stamp of objects that have no format of their own, in UTC.
	isoFormat = "YYYY-MM-DD[T]HH:mm:ss.SSS[Z]"
	// objectPiece is the length of a line without an end from which it is
	// written in pieces: a line that comes byte by byte is read again and again
	// until then.
	objectPiece = 16 << 10
	// maxPiece bounds a piece, so that its escaped form fits into a buffer.
	maxPiece = 32 << 10
	// maxObject is about how long an object becomes, in bytes; the rest of its
	// line is an object of its own, marked as continued. No object is longer
	// than MaxLine.
	maxObject = MaxLine / 2
	// longestEscape is how many bytes one byte can become: \u0000.
	longestEscape = 6

	objectStart = `{"message":"`
)

// ending returns what stands behind the stamp.
func (o *Object) ending() []byte {
	b := append([]byte(`","type":"`), o.Type...)
	b = strconv.AppendInt(append(b, `","process_id":`...), int64(o.ID), 10)
	b = appendEscaped(append(b, `,"app_name":"`...), []byte(o.App))
	return append(b, "\"}\n"...)
}

// closing appends what stands behind the message of a line from that time.
func (in *Intake) closing(b []byte, t time.Time) []byte {
	if in.utc {
		t = t.UTC()
	}
	b = append(b, `","timestamp":"`...)
	n := len(b)
	b = in.stamp.Append(b, t)
	if stamp := b[n:]; plainLength(stamp) < len(stamp) { // literal text of the format
		b = appendEscaped(b[:n], bytes.Clone(stamp))
	}
	return append(b, in.object...)
}

// cut says where a line without an end may be taken apart.
type cut uint8

const (
	cutNowhere cut = iota
	cutBetweenRunes
	cutAnywhere // nothing follows
)

// objects is frame for lines that become JSON objects. The first one gets the
// end first, the others then.
func (s lineState) objects(out, data, first, then []byte, c cut) ([]byte, int, lineState) {
	end, taken := first, 0
	for taken < len(data) {
		text, length, next := data[taken:], 0, lineStart
		if i := bytes.IndexByte(text, '\n'); i >= 0 && i <= maxPiece {
			text, length = text[:i], i+1
		} else if taken > 0 || i < 0 && c == cutNowhere {
			break
		} else {
			text, next = piece(text, c), lineOpen
			length = len(text)
		}
		if length == 0 || len(out)+len(objectStart)+len(Continued)+longestEscape*len(text)+len(end) > cap(out) {
			break
		}
		switch s {
		case lineStart:
			out = append(out, objectStart...)
		case lineCut:
			out = append(append(out, objectStart...), Continued...)
		}
		out = appendEscaped(out, text)
		if next == lineStart {
			out = append(out, end...)
			end = then
		}
		s = next
		taken += length
	}
	return out, taken, s
}

// piece returns how much of the beginning of a line is taken at once: no rune
// is cut in two.
func piece(text []byte, c cut) []byte {
	if len(text) <= maxPiece {
		if c == cutAnywhere {
			return text
		}
	} else {
		text = text[:maxPiece]
	}
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if b := text[len(text)-n:]; utf8.RuneStart(b[0]) {
			if !utf8.FullRune(b) {
				return text[:len(text)-n]
			}
			break
		}
	}
	return text
}

// appendEscaped appends text as it stands in a JSON string (RFC 8259, section 7).
func appendEscaped(b, text []byte) []byte {
	for {
		n := plainLength(text)
		b = append(b, text[:n]...)
		if text = text[n:]; len(text) == 0 {
			return b
		}
		switch c := text[0]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\t':
			b = append(b, `\t`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\n':
			b = append(b, `\n`...)
		case c < ' ':
			const hex = "0123456789abcdef"
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = utf8.AppendRune(b, utf8.RuneError)
		}
		text = text[1:]
	}
}

// plainLength is how many bytes of text stand for themselves.
func plainLength(text []byte) int {
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c < ' ' || c == '"' || c == '\\':
			return i
		case c < utf8.RuneSelf:
			i++
		default:
			r, n := utf8.DecodeRune(text[i:])
			if r == utf8.RuneError && n == 1 {
				return i
			}
			i += n
		}
	}
	return len(text)
}

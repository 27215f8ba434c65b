package api

import (
	"bytes"
	"strconv"
)

// usualRows is room for the rows that a daemon sends in one reply.
const usualRows = 16

// rowReader reads the messages that AppendList writes, and other JSON of that
// kind: no escapes, no keys but ours. It gives up on all else, for encoding/json
// to read, which takes longer than everything else that hubctl list does.
type rowReader struct {
	rest []byte
	bad  bool
	last Row // equal strings of the row before are used again
}

// reply reads a message without its NUL; ok is false when it gave up.
func (p *rowReader) reply(message []byte, out *ListReply) (continues, ok bool) {
	p.rest, p.bad = message, false
	p.object(func(key string) {
		switch key {
		case "parameters":
			p.object(func(key string) { p.parameter(key, out) })
		case "continues":
			continues = p.boolean()
		default:
			p.bad = true
		}
	})
	return continues, !p.bad && len(p.rest) == 0
}

func (p *rowReader) parameter(key string, out *ListReply) {
	switch key {
	case "rows":
		p.bad = p.bad || out.Rows != nil // a key that is there twice
		out.Rows = make([]Row, 0, usualRows)
		p.list(func() {
			var row Row
			p.object(func(key string) { p.field(key, &row) })
			p.last = row
			out.Rows = append(out.Rows, row)
		})
	case "host":
		p.bad = p.bad || out.Host != nil
		out.Host = &Host{}
		p.object(func(key string) { p.hostField(key, out.Host) })
	default:
		p.bad = true
	}
}

func (p *rowReader) field(key string, r *Row) {
	switch key {
	case "id":
		r.ID = int(p.integer())
	case "name":
		r.Name = p.text(p.last.Name)
	case "namespace":
		r.Namespace = p.text(p.last.Namespace)
	case "version":
		r.Version = p.text(p.last.Version)
	case "instance":
		r.Instance = int(p.integer())
	case "mode":
		r.Mode = p.text(p.last.Mode)
	case "pid":
		r.PID = int(p.integer())
	case "uptime":
		r.Uptime = p.integer()
	case "restarts":
		r.Restarts = int(p.integer())
	case "status":
		r.Status = p.text(p.last.Status)
	case "not_ready":
		r.NotReady = p.boolean()
	case "cpu":
		r.CPU = p.float()
	case "memory":
		r.Memory = p.integer()
	case "user":
		r.User = p.text(p.last.User)
	case "watching":
		r.Watching = p.boolean()
	default:
		p.bad = true
	}
}

func (p *rowReader) hostField(key string, h *Host) {
	switch key {
	case "cpu":
		h.CPU = p.float()
	case "memory_used":
		h.MemoryUsed = p.integer()
	case "memory_total":
		h.MemoryTotal = p.integer()
	case "load":
		p.list(func() { h.Load = append(h.Load, p.float()) })
	default:
		p.bad = true
	}
}

// object calls each behind the colon of every key.
func (p *rowReader) object(each func(key string)) {
	p.sequence('{', '}', func() {
		key := p.word()
		p.expect(':')
		each(string(key))
	})
}

func (p *rowReader) list(each func()) { p.sequence('[', ']', each) }

func (p *rowReader) sequence(open, end byte, each func()) {
	p.expect(open)
	if p.next(end) {
		return
	}
	for !p.bad {
		each()
		if p.next(end) {
			return
		}
		p.expect(',')
	}
}

// next takes a byte if it is the next one.
func (p *rowReader) next(c byte) bool {
	if p.bad || len(p.rest) == 0 || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *rowReader) expect(c byte) {
	if !p.next(c) {
		p.bad = true
	}
}

// word reads a string without escapes; what is not ASCII is left to others.
func (p *rowReader) word() []byte {
	p.expect('"')
	for i, c := range p.rest {
		if c == '"' && !p.bad {
			word := p.rest[:i]
			p.rest = p.rest[i+1:]
			return word
		}
		if c < 0x20 || c >= 0x7f || c == '\\' {
			break
		}
	}
	p.bad = true
	return nil
}

func (p *rowReader) text(last string) string {
	word := p.word()
	if string(word) == last {
		return last
	}
	return string(word)
}

// number takes a number without an exponent: JSON's form, which has no leading
// zero and a digit on both sides of the point.
func (p *rowReader) number() []byte {
	text := p.rest
	p.next('-')
	whole := p.digits()
	p.bad = p.bad || len(whole) == 0 || len(whole) > 1 && whole[0] == '0'
	if p.next('.') && len(p.digits()) == 0 {
		p.bad = true
	}
	if p.bad {
		return []byte("0")
	}
	return text[:len(text)-len(p.rest)]
}

func (p *rowReader) digits() []byte {
	n := 0
	for n < len(p.rest) && p.rest[n] >= '0' && p.rest[n] <= '9' {
		n++
	}
	digits := p.rest[:n]
	p.rest = p.rest[n:]
	return digits
}

func (p *rowReader) integer() int64 {
	const most = 18 // digits that always fit
	text, negative := bytes.CutPrefix(p.number(), []byte("-"))
	var n int64
	for _, c := range text {
		p.bad = p.bad || c == '.'
		n = n*10 + int64(c-'0')
	}
	p.bad = p.bad || len(text) > most
	if negative {
		n = -n
	}
	return n
}

func (p *rowReader) float() float64 {
	text := p.number()
	if len(text) == 1 { // an idle process
		return float64(text[0] - '0')
	}
	f, err := strconv.ParseFloat(string(text), 64)
	p.bad = p.bad || err != nil
	return f
}

func (p *rowReader) boolean() bool {
	for _, word := range [...]string{"true", "false"} {
		if rest, ok := bytes.CutPrefix(p.rest, []byte(word)); ok {
			p.rest = rest
			return word == "true"
		}
	}
	p.bad = true
	return false
}

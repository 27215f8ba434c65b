package api

import (
	"encoding/json"
	"strconv"
)

// AppendList writes a reply of List as a Varlink message, its NUL included:
// what encoding/json would write, without its reflection and without a copy. A
// list is asked for all day, and its garbage would be most of the daemon's.
func (r *ListReply) AppendList(buf []byte, continues bool) []byte {
	buf = append(buf, `{"parameters":{"rows":[`...)
	for i := range r.Rows {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = r.Rows[i].append(buf)
	}
	buf = append(buf, ']')
	if r.Host != nil {
		buf = r.Host.append(append(buf, `,"host":`...))
	}
	if len(r.Problems) > 0 {
		for n, text := range r.Problems {
			buf = append(buf, [2]string{`,"problems":[`, ","}[min(n, 1)]...)
			buf = appendText(buf, text)
		}
		buf = append(buf, ']')
	}
	buf = append(buf, '}')
	if continues {
		buf = append(buf, `,"continues":true`...)
	}
	return append(buf, '}', 0)
}

func (r *Row) append(buf []byte) []byte {
	buf = appendInt(append(buf, `{"id":`...), int64(r.ID))
	buf = appendText(append(buf, `,"name":`...), r.Name)
	buf = appendText(append(buf, `,"namespace":`...), r.Namespace)
	buf = appendText(append(buf, `,"version":`...), r.Version)
	buf = appendInt(append(buf, `,"instance":`...), int64(r.Instance))
	buf = appendText(append(buf, `,"mode":`...), r.Mode)
	buf = appendInt(append(buf, `,"pid":`...), int64(r.PID))
	buf = appendInt(append(buf, `,"uptime":`...), r.Uptime)
	buf = appendInt(append(buf, `,"restarts":`...), int64(r.Restarts))
	buf = appendText(append(buf, `,"status":`...), r.Status)
	buf = strconv.AppendBool(append(buf, `,"not_ready":`...), r.NotReady)
	buf = appendFloat(append(buf, `,"cpu":`...), r.CPU)
	buf = appendInt(append(buf, `,"memory":`...), r.Memory)
	buf = appendText(append(buf, `,"user":`...), r.User)
	buf = strconv.AppendBool(append(buf, `,"watching":`...), r.Watching)
	return append(buf, '}')
}

func (h *Host) append(buf []byte) []byte {
	buf = appendFloat(append(buf, `{"cpu":`...), h.CPU)
	buf = appendInt(append(buf, `,"memory_used":`...), h.MemoryUsed)
	buf = appendInt(append(buf, `,"memory_total":`...), h.MemoryTotal)
	buf = append(buf, `,"load":[`...)
	for i, load := range h.Load {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = appendFloat(buf, load)
	}
	return append(buf, "]}"...)
}

func appendInt(buf []byte, n int64) []byte { return strconv.AppendInt(buf, n, 10) }

// appendFloat writes a finite number; JSON has no other.
func appendFloat(buf []byte, f float64) []byte { return strconv.AppendFloat(buf, f, 'f', -1, 64) }

// appendText writes a string. What needs escapes is rare, and left to those who
// know them all.
func appendText(buf []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			quoted, err := json.Marshal(s)
			if err != nil { // can't be: every string can be written
				quoted = []byte(`""`)
			}
			return append(buf, quoted...)
		}
	}
	return append(append(append(buf, '"'), s...), '"')
}

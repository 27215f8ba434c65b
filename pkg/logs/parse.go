package logs

import (
	"bytes"
	"encoding/json"
)

// Format is how the lines of a file are dressed.
type Format struct {
	Stamp   *Stamp // nil: none
	Objects bool   // each line is an Object
}

// Parsed is a line and what its file says about it. A line that isn't dressed
// as its file's should be (an older one, or one that was broken) is all text.
type Parsed struct {
	Text  []byte
	Stamp string // as it is written, or ""
	// Object is what an object says, else nil.
	Object *Object
}

// Parse takes the dress off a line, which Text may share memory with.
func (f Format) Parse(line []byte) Parsed {
	if f.Objects {
		if p, ok := parseObject(line); ok {
			return p
		}
		return Parsed{Text: line}
	}
	if f.Stamp != nil {
		n := f.Stamp.match(line)
		if rest, ok := bytes.CutPrefix(line[max(0, n):], []byte(": ")); ok && n > 0 {
			return Parsed{Text: rest, Stamp: string(line[:n])}
		}
	}
	return Parsed{Text: line}
}

func parseObject(line []byte) (Parsed, bool) {
	var o struct {
		Message   *string `json:"message"`
		Timestamp string  `json:"timestamp"`
		Type      string  `json:"type"`
		ID        int     `json:"process_id"`
		App       string  `json:"app_name"`
	}
	if json.Unmarshal(line, &o) != nil || o.Message == nil {
		return Parsed{}, false
	}
	return Parsed{Text: []byte(*o.Message), Stamp: o.Timestamp, Object: &Object{Type: o.Type, ID: o.ID, App: o.App}}, true
}

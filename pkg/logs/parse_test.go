package logs

import (
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	t.Parallel()
	id := &Object{Type: "err", ID: 3, App: "a"}
	for _, tt := range []struct {
		format  string
		objects bool
		line    string
		text    string
		stamp   string
		object  *Object
	}{
		{"", false, "12: x", "12: x", "", nil},
		{"YYYY-MM-DD HH:mm:ss Z", false, "2026-01-31 08:45:51 +00:00: one: two", "one: two", "2026-01-31 08:45:51 +00:00", nil},
		{"YYYY-MM-DD HH:mm:ss Z", false, "2026-01-31 08:45:51: one", "2026-01-31 08:45:51: one", "", nil},
		{"YYYY-MM-DD HH:mm:ss Z", false, "older line", "older line", "", nil},
		{"YYYY-MM-DD HH:mm:ss Z", false, "", "", "", nil},
		{"HH:mm", false, "08:45: ", "", "08:45", nil},
		{"HH:mm", false, "08:45:11: x", "08:45:11: x", "", nil},
		{"H:m A", false, "8:5 AM: x", "x", "8:5 AM", nil},
		{"dddd D MMMM", false, "Sunday 4 January: x", "x", "Sunday 4 January", nil},
		{"dd ddd MMM", false, "Su Sun Jan: x", "x", "Su Sun Jan", nil},
		{"", true, `{"message":"m \"q\"","timestamp":"now","type":"err","process_id":3,"app_name":"a"}`, `m "q"`, "now", id},
		{"", true, `{"message":"m"`, `{"message":"m"`, "", nil},
		{"", true, `{"other":"m"}`, `{"other":"m"}`, "", nil},
		{"HH", true, "08: old", "08: old", "", nil},
	} {
		f := Format{Objects: tt.objects}
		if tt.format != "" {
			var err error
			if f.Stamp, err = ParseStamp(tt.format); err != nil {
				t.Fatal(err)
			}
		}
		p := f.Parse([]byte(tt.line))
		if string(p.Text) != tt.text || p.Stamp != tt.stamp || (p.Object == nil) != (tt.object == nil) || p.Object != nil && *p.Object != *tt.object {
			t.Errorf("%q in %q is %q, %q, %v", tt.line, tt.format, p.Text, p.Stamp, p.Object)
		}
	}
}

// What a stamp writes, it finds again.
func FuzzStampMatch(f *testing.F) {
	for _, format := range []string{"YYYY-MM-DD HH:mm:ss.SSS Z", "dddd, D. MMMM YY, h:m:s a", "[at] dd ddd d ZZ A hh M H"} {
		f.Add(format, int64(1767517503), "line")
	}
	f.Fuzz(func(t *testing.T, format string, unix int64, line string) {
		s, err := ParseStamp(format)
		if err != nil {
			return
		}
		for _, p := range s.parts { // these may run into what follows
			switch p.token {
			case "M", "D", "H", "h", "m", "s", "MMMM":
				return
			}
		}
		stamp := s.Append(nil, time.Unix(unix%(1<<37), 0).UTC())
		if n := s.match(append(stamp, ": "+line...)); n != len(stamp) {
			t.Errorf("%q: %q is matched for %d bytes", format, stamp, n)
		}
	})
}

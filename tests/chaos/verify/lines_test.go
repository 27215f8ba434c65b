package verify

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/tests/chaos/account"
)

// two are two processes that have written five lines each to one file.
func two() []*account.Life {
	life := func(pid int) *account.Life {
		return &account.Life{
			PID: pid, UUID: fmt.Sprintf("%08d-0000-4000-8000-000000000000", pid), Generation: 2, ID: pid, App: "app", Main: true, Mixed: true,
			Exit: "exited with code 3", Last: time.Unix(1000, 0), Done: map[string]int{account.Out: 5},
		}
	}
	return []*account.Life{life(11), life(12)}
}

// written is what stands in the file.
func written(lives []*account.Life) []string {
	var lines []string
	for seq := 1; seq <= 5; seq++ {
		for _, l := range lives {
			lines = append(lines, account.Text(l.Key(account.Out), seq, l.Mixed))
		}
	}
	return lines
}

func TestLines(t *testing.T) {
	t.Parallel()
	cut := func(lines []string) []string { // others wait for the file
		return append([]string{lines[0][:90], lines[1], continued + lines[0][90:]}, lines[2:]...)
	}
	tests := map[string]struct {
		change func(lines []string) []string
		lives  func(lives []*account.Life)
		want   string // a part of a complaint; empty: there is none
	}{
		"all": {},
		"cut": {change: cut},
		"cut early": {change: func(l []string) []string {
			return append([]string{l[0][:10], l[1], continued + l[0][10:]}, l[2:]...)
		}},
		"cut thrice": {change: func(l []string) []string {
			return append([]string{l[0][:80], l[1], continued + l[0][80:100], l[3], continued + l[0][100:], l[2]}, l[4:]...)
		}},
		"lost":     {change: func(l []string) []string { return append(l[:4:4], l[5:]...) }, want: "lines 3 to 3 are not there"},
		"lost end": {change: func(l []string) []string { return l[:9] }, want: "wrote 5 lines, and 4 are here"},
		"doubled":  {change: func(l []string) []string { return append(l[:5:5], l[4:]...) }, want: "line 3 of app"},
		"swapped": {
			change: func(l []string) []string { l[4], l[6] = l[6], l[4]; return l },
			want:   "lines 3 to 3 are not there",
		},
		"torn":      {change: func(l []string) []string { l[4] = l[4][:80]; return l }, want: "line 3 has no end"},
		"torn end":  {change: func(l []string) []string { l[8] = l[8][:80]; return l }, want: "wrote 5 lines, and 4 are here"},
		"head torn": {change: func(l []string) []string { l[4] = l[4][20:]; return l }, want: "a line"},
		"joined":    {change: func(l []string) []string { return append(l[:4:4], append([]string{l[4] + l[5]}, l[6:]...)...) }, want: "differs at byte"},
		"changed":   {change: func(l []string) []string { l[4] = l[4][:99] + "?" + l[4][100:]; return l }, want: "differs at byte 99"},
		"no rest":   {change: func(l []string) []string { return append(l, continued+"x") }, want: "the rest of no line"},
		"doubled rest": {
			change: func(l []string) []string { return append(cut(l), continued+l[0][90:]) }, want: "the rest of no line",
		},
		"stranger": {change: func(l []string) []string { return append(l, "child: no such file") }, want: "that nobody wrote"},
		"unknown":  {change: func(l []string) []string { return append(l, account.Text("x-1-1-out", 1, false)) }, want: "no business here"},
		"wrong stream": {
			change: func(l []string) []string { return append(l, account.Text(two()[0].Key(account.Err), 1, true)) }, want: "no business here",
		},
		"killed in a line": {
			change: func(l []string) []string { l[8] = l[8][:80]; return l },
			lives:  func(l []*account.Life) { l[0].Exit, l[0].Done = "", map[string]int{account.Out: 4} },
		},
		"killed behind a line": {lives: func(l []*account.Life) { l[0].Exit, l[0].Done = "", map[string]int{account.Out: 4} }},
		"more than it wrote":   {lives: func(l []*account.Life) { l[0].Done = map[string]int{account.Out: 4} }, want: "wrote 4 lines, and 5 are here"},
		"ended in an outage": {
			change: func(l []string) []string { l[6] = l[6][:80]; return append(l[:8:8], l[9]) },
			lives:  func(l []*account.Life) { l[0].Last = l[0].Last.Add(time.Hour) },
		},
		"lost before an outage": {
			change: func(l []string) []string { return append(l[:4:4], l[5:]...) },
			lives:  func(l []*account.Life) { l[0].Last = l[0].Last.Add(time.Hour) },
			want:   "lines 3 to 3 are not there",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lives := two()
			lines := written(lives)
			if test.lives != nil {
				test.lives(lives)
			}
			if test.change != nil {
				lines = test.change(lines)
			}
			hour := time.Unix(1000, 0).Add(time.Hour)
			c := Lines{Lives: lives, Outages: Outages{{hour.Add(-time.Second), hour.Add(time.Second)}}}
			if err := c.Read(Log{App: "app", Number: -1, Stream: account.Out}, strings.NewReader(strings.Join(lines, "\n")+"\n")); err != nil {
				t.Fatal(err)
			}
			found := strings.Join(c.Texts, "\n")
			if test.want == "" && found != "" || !strings.Contains(found, test.want) {
				t.Errorf("complaints:\n%s\nwant %q", found, test.want)
			}
		})
	}
}

func TestNewlineMissing(t *testing.T) {
	t.Parallel()
	lives := two()
	c := Lines{Lives: lives}
	if err := c.Read(Log{App: "app", Number: -1, Stream: account.Out}, strings.NewReader(strings.Join(written(lives), "\n"))); err != nil {
		t.Fatal(err)
	}
	if len(c.Texts) != 1 || !strings.Contains(c.Texts[0], "4 are here") {
		t.Errorf("complaints: %q", c.Texts)
	}
}

func TestFramesAreRead(t *testing.T) {
	t.Parallel()
	lives := two()[:1]
	key := lives[0].Key(account.Out)
	var stamped, objects strings.Builder
	for seq := 1; seq <= 5; seq++ {
		text := account.Text(key, seq, true)
		fmt.Fprintf(&stamped, "2026-01-02T03:04:05: %s\n", text)
		o, err := json.Marshal(map[string]any{"message": text, "type": "out", "process_id": 11, "app_name": "app"})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&objects, "%s\n", o)
	}
	for log, text := range map[Log]string{
		{App: "app", Stream: account.Out, Stamped: true}: stamped.String(),
		{App: "app", Stream: account.Out, JSON: true}:    objects.String(),
	} {
		c := Lines{Lives: lives}
		if err := c.Read(log, strings.NewReader(text)); err != nil || len(c.Texts) > 0 || c.Whole != 5 {
			t.Errorf("%+v: error %v, %d lines, complaints %q", log, err, c.Whole, c.Texts)
		}
		if err := c.Read(log, strings.NewReader(text[20:])); err == nil {
			t.Errorf("%+v: a torn frame is no error", log)
		}
	}
	c := Lines{Lives: lives}
	other := strings.ReplaceAll(objects.String(), `"process_id":11`, `"process_id":12`)
	if err := c.Read(Log{App: "app", Stream: account.Out, JSON: true}, strings.NewReader(other)); err != nil || len(c.Texts) != 5 {
		t.Errorf("lines in another's name: error %v, complaints %q", err, c.Texts)
	}
}

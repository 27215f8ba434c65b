package verify

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/tests/chaos/account"
)

func TestExits(t *testing.T) {
	t.Parallel()
	at := time.Unix(1000, 0)
	life := func(generation int, exit string) *account.Life {
		return &account.Life{UUID: "u", Generation: generation, ID: 4, Main: true, Exit: exit, Last: at.Add(time.Duration(generation) * time.Hour)}
	}
	ends := func(ends ...string) (log string) {
		for n, end := range ends {
			log += fmt.Sprintf("time=%d level=INFO msg=exit app=x id=4 reason=%q\n", n, end+" after 2s")
		}
		return log + "msg=exit app=other id=5 reason=\"exited with code 1\"\nmsg=exiting id=4 reason=\"exited with code 9\"\n"
	}
	other := &account.Life{UUID: "v", Generation: 1, ID: 5, Main: true, Exit: "exited with code 1"}
	three, ninth, kill := life(1, "exited with code 3"), life(2, "exited with code 9"), life(3, "killed by SIGKILL")
	const a, b, c = "exited with code 3", "exited with code 9", "killed by SIGKILL"
	outage := Outages{{ninth.Last.Add(-time.Second), ninth.Last.Add(time.Second)}}
	tests := map[string]struct {
		lives    []*account.Life
		log      string
		outages  Outages
		kills    []time.Time
		want     string
		unknown  int
		unlogged int
	}{
		"all":                  {log: ends(a, b, c)},
		"wrong":                {log: ends(a, "exited with code 0", c), want: `"exited with code 0" is logged`},
		"missing":              {log: ends(a, c), want: `"exited with code 9" is not logged`},
		"twice":                {log: ends(a, b, b, c), want: `"exited with code 9" is logged`},
		"unknown":              {log: ends(a, unknown, c), want: `"exited with code 9" is not logged`},
		"unknown in an outage": {log: ends(a, unknown, c), outages: outage, unknown: 1},
		"missing in an outage": {log: ends(a, c), outages: outage, unlogged: 1},
		"wrong in an outage":   {log: ends(a, "exited with code 8", c), outages: outage, want: `"exited with code 8" is logged`, unlogged: 1},
		"another's unknown":    {log: ends(unknown, b, c), outages: outage, want: `"exited with code 3" is not logged`},
		"missing at a kill":    {log: ends(a, c), kills: []time.Time{ninth.Last.Add(time.Millisecond)}, unlogged: 1},
		"missing before":       {log: ends(a, c), kills: []time.Time{ninth.Last.Add(-time.Millisecond)}, want: "is not logged"},
		"ended by hub":         {lives: []*account.Life{three, life(2, ""), kill}, log: ends(a, "killed by SIGINT", c)},
		"ended by hub, twice":  {lives: []*account.Life{three, life(2, ""), kill}, log: ends(a, c, c)},
		"silent":               {lives: []*account.Life{three, kill}, log: ends(a, c, "killed by SIGINT")},
		"silent, with a code":  {lives: []*account.Life{three, kill}, log: ends(a, c, b), want: `"exited with code 9" is logged`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lives := test.lives
			if lives == nil {
				lives = []*account.Life{three, ninth, kill}
			}
			c := Exits{Lives: append(lives[:len(lives):len(lives)], other), Outages: test.outages, Kills: test.kills}
			if err := c.Read(strings.NewReader(test.log)); err != nil {
				t.Fatal(err)
			}
			found := strings.Join(c.Texts, "\n")
			if test.want == "" && found != "" || !strings.Contains(found, test.want) {
				t.Errorf("complaints:\n%s\nwant %q", found, test.want)
			}
			if c.Unknown != test.unknown || c.Unlogged != test.unlogged {
				t.Errorf("%d unknown, %d unlogged", c.Unknown, c.Unlogged)
			}
		})
	}
}

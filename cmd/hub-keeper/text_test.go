package main

import (
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	t.Parallel()
	o, ok := parse([]string{"--kept", "9", "--health-ms", "20", "--pause-ms", "30"})
	if !ok || o.kept != 9 || o.health != 20*time.Millisecond || o.pause != 30*time.Millisecond {
		t.Errorf("%+v, %v", o, ok)
	}
	if again, ok := parse(append(o.arguments(), "--kept", "9")); !ok || again != o {
		t.Errorf("the next keeper understands %+v, %v", again, ok)
	}
	for _, args := range [][]string{nil, {"--kept"}, {"--kept", "-1"}, {"--kept", "x"}, {"--pause-ms", "1"},
		{"--kept", "3", "--health-ms", "0"}, {"--kept", "3", "--other", "1"}, {"--kept", "3", "--protocol"}} {
		if _, ok := parse(args); ok {
			t.Errorf("%q is understood", args)
		}
	}
}

func TestParseStat(t *testing.T) {
	t.Parallel()
	line := "17 (a) b 1 (c) Z 1 2 3 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 8899 0 0"
	if session, start, ok := parseStat([]byte(line)); !ok || session != 3 || start != 8899 {
		t.Errorf("session %d, start %d, %v", session, start, ok)
	}
	for _, bad := range []string{"", "17 (a", "17 (a) Z 1 2 3", "17 (a) Z 1 2 x 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 8899"} {
		if _, _, ok := parseStat([]byte(bad)); ok {
			t.Errorf("%q is understood", bad)
		}
	}
}

func TestAppendValue(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{"": `""`, "plain/1": "plain/1", "two words": `"two words"`, "a=b": `"a=b"`,
		"line\nbreak": `"line\nbreak"`} {
		if got := string(appendValue(nil, value)); got != want {
			t.Errorf("%q is written as %s, want %s", value, got, want)
		}
	}
}

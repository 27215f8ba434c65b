package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
)

func dressedLogs() answer {
	return replies(
		api.LogsReply{
			Sources: []api.LogSource{{Path: "/h/logs/api-error.log", Stream: api.StreamErr, ID: 0, Name: "api"}},
			Lines:   []api.LogLine{{Source: 0, Position: 12, Text: "one <&> \u009b"}, {Source: 0, Position: 20, Base64: []byte("b\xff"), Timestamp: "now"}},
		},
		api.LogsReply{
			Sources: []api.LogSource{{Path: "/h/logs/all.log", Stream: api.StreamLog, ID: -1, Name: "all"}},
			Lines:   []api.LogLine{{Source: 1, Position: 7, Text: "said", Timestamp: "then", From: &api.Origin{Stream: "out", ID: 4, Name: "w"}}},
		},
		api.LogsReply{},
	)
}

func TestLogsForPrograms(t *testing.T) {
	t.Parallel()
	p, f := newFake(t, map[string]answer{"Logs": dressedLogs(), "List": replies(api.ListReply{})})
	p.run(t, "logs", "--json", "--nostream").check(t, 0,
		`{"message":"one <&> \u009b","timestamp":null,"type":"err","process_id":0,"app_name":"api","position":12}`+"\n"+
			`{"message":"b\ufffd","timestamp":"now","type":"err","process_id":0,"app_name":"api","position":20}`+"\n"+
			`{"message":"said","timestamp":"then","type":"out","process_id":4,"app_name":"w","position":7}`+"\n", "")
	p.run(t, "logs", "--format", "--nostream").check(t, 0,
		`timestamp= app=api id=0 type=error message=one <&> \u009b`+"\n"+
			`timestamp=now app=api id=0 type=error message=b\xff`+"\n"+
			`timestamp=then app=w id=4 type=out message=said`+"\n", "")
	r := p.run(t, "logs", "--timestamp", "HH:mm", "api", "--nostream")
	contains(t, r.stdout, "now 0|api      | b\\xff\n", "0|api      | one")
	p.run(t, "logs", "api", "--out", "--json", "--follow-from", "7", "--nostream")
	want := []string{
		`{"lines":15,"stamp":""}`, `{"lines":15,"stamp":""}`, `{"targets":["api"],"lines":15,"stamp":"HH:mm"}`,
		`{"targets":["api"],"lines":15,"streams":["out"],"from":7,"stamp":""}`,
	}
	if got := f.parameters("Logs"); !slices.Equal(got, want) {
		t.Errorf("the daemon was asked %q", got)
	}
}

func TestLogsHighlight(t *testing.T) {
	t.Parallel()
	v := &logView{term: terminal{width: 80, colour: true}, highlight: "two"}
	if got := v.highlit("one two two"); got != "one \x1b[7mtwo\x1b[0m two" {
		t.Errorf("%q", got)
	}
	if got := v.highlit("one"); got != "one" {
		t.Errorf("%q", got)
	}
}

func TestTimestampFormat(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"--timestamp api":         "--timestamp api",
		"--timestamp HH:mm api":   "--timestamp=HH:mm api",
		"api --timestamp":         "api --timestamp",
		"--timestamp --err":       "--timestamp --err",
		"--timestamp=YYYY api":    "--timestamp=YYYY api",
		"-- --timestamp HH:mm":    "-- --timestamp HH:mm",
		"--timestamp YYYY-MM-DD ": "--timestamp=YYYY-MM-DD",
	} {
		if got := strings.Join(joinTimestamp(strings.Fields(in)), " "); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

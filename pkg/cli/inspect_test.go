package cli

import (
	"os/exec"
	"strings"
	"testing"
)

// inspected are JSON texts that show each rule.
var inspected = []string{
	`[]`, `{}`, `[{}]`, `null`, `true`, `12`, `-1.5`, `"x"`,
	`{"a":1,"b":"x"}`, `["x"]`, `[[[[1]]]]`, `[[[[[1]]]]]`, `{"a":{"b":{"c":{"d":1}}}}`, `{"a":{"b":{"c":{}}}}`,
	`{"_a1":1,"2b":1,"node-args":["--harmony"],"":0,"ü":1,"$":2}`,
	`["it's","it's \"so\"","it's \"so\" ` + "`" + `","a\\b","tab\tline\nesc\u001b\u0085 del\u007f"]`,
	`[1,2,3,4,5,6]`, `[1,2,3,4,5,6,7]`, `[1,22,333,4444,5,6,7,8,9,10,11,12,13,14,15,16,17,18]`,
	`["--port","80","--host","localhost","--verbose","--color","never"]`,
	`["a","b","c","d","e","f","g","h"]`, `[true,false,null,1,"x",2,3]`, `[{"a":1},{"a":1},{"a":1},{"a":1},{"a":1},{"a":1},{"a":1}]`,
	`["a long entry that does not fit with others on a line","b","c","d","e","f","g"]`,
	`["` + strings.Repeat("x", 60) + `"]`, `["` + strings.Repeat("x", 64) + `"]`, `["` + strings.Repeat("x", 65) + `"]`, `["` + strings.Repeat("x", 66) + `"]`,
	`{"message":"a first line that is long enough to count\na second line that is as long as the first\n"}`,
	`{"message":"short\nlines"}`, `["wide 漢字 and 😀"]`,
	`[{"pid":1234,"name":"api","pm_id":0,"monit":{"memory":70000000,"cpu":0.3},"pm2_env":{"name":"api","status":"online","args":["--port","80"],"env":{},"watch":false,"stop_exit_codes":[],"exit_code":0,"pm_exec_path":"/srv/api/a/long/path/to/server.js"}}]`,
}

// What Node prints is right.
func TestInspectAsNode(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no node to compare with")
	}
	const script = `const { inspect } = require('util')
process.stdout.write(process.argv.slice(1).map(text => inspect(JSON.parse(text), false, null, false)).join('\0'))`
	out, err := exec.Command(node, append([]string{"-e", script, "--"}, inspected...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range strings.Split(string(out), "\x00") {
		got, err := inspect([]byte(inspected[i]))
		if err != nil {
			t.Errorf("%s: %v", inspected[i], err)
		}
		if got != want {
			t.Errorf("%s:\n%s\nnode prints:\n%s", inspected[i], got, want)
		}
	}
}

func TestInspect(t *testing.T) {
	t.Parallel()
	got, err := inspect([]byte(`[{"name":"api","args":["a b"],"env":{}}]`))
	if want := "[ { name: 'api', args: [ 'a b' ], env: {} } ]"; err != nil || got != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	for _, text := range []string{``, `[`, `{"a":`, `[1}`} {
		if got, err := inspect([]byte(text)); err == nil {
			t.Errorf("%q became %q", text, got)
		}
	}
}

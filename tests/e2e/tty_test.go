package e2e

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// ours is what hubctl itself sends to a terminal: colours (SGR), the line of
// progress that is taken back (EL), and ends of lines.
var ours = regexp.MustCompile("\x1b\\[[0-9;:]*m|\r\x1b\\[K|\r+\n")

// harmful is what moves a cursor, is taken for the beginning of such a
// sequence, or turns text around.
var harmful = regexp.MustCompile("[\x00-\x08\x0a-\x1f\x7f\u0080-\u009f\u202a-\u202e\u2066-\u2069]")

// tty runs hubctl on a terminal, with colours, and looks at every byte that it
// prints, whether the command succeeds or not.
func tty(ts *testscript.TestScript, args []string) error {
	quoted := []string{"timeout 20 hubctl"}
	for _, arg := range args {
		quoted = append(quoted, "'"+strings.ReplaceAll(arg, "'", `'\''`)+"'")
	}
	_ = ts.Exec("script", "-qec", strings.Join(quoted, " "), "/dev/null")
	text := ts.ReadFile("stdout")
	if text == "" {
		return fmt.Errorf("hubctl %s prints nothing", strings.Join(args, " "))
	}
	rest := ours.ReplaceAllString(text, "")
	if at := harmful.FindStringIndex(rest); at != nil {
		return fmt.Errorf("hubctl %s prints %q", strings.Join(args, " "), rest[max(0, at[0]-60):min(len(rest), at[1]+60)])
	}
	return nil
}

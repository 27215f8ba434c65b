package docs

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/cli"
)

func TestCLI(t *testing.T) {
	t.Parallel()
	var page strings.Builder
	// What the shell's completion is told is a word and its short text a line,
	// and a last line for the shell.
	for line := range strings.Lines(hubctl(t, "__complete", "")) {
		word, short, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok || word == "help" {
			continue
		}
		fmt.Fprintf(&page, "### %s\n\n%s.\n\n```text\n%s\n```\n\n",
			word, strings.ToUpper(short[:1])+short[1:], strings.TrimSpace(hubctl(t, "help", word)))
	}
	if page.Len() == 0 {
		t.Fatal("hubctl names no command")
	}
	checkPage(t, "cli.md", section{"commands", page.String()})
}

// hubctl runs a command that needs no daemon and returns its stdout.
func hubctl(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	sys := cli.System{Stdout: &stdout, Stderr: &stderr, Dir: t.TempDir(), Home: t.TempDir(), Hubd: "/nonexistent"}
	if code := cli.Main(t.Context(), args, sys); code != 0 {
		t.Fatalf("hubctl %s: exit %d\n%s", strings.Join(args, " "), code, &stderr)
	}
	return stdout.String()
}

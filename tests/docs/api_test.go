package docs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
)

// TestAPI makes the reference from the text of the interface file: it is laid
// out for people already, which a parser would undo. (The one of varlink/go
// also refuses field names that begin with a capital, which Varlink allows.)
func TestAPI(t *testing.T) {
	t.Parallel()
	pages := map[string]*strings.Builder{"interface": {}, "type": {}, "method": {}, "error": {}}
	for block := range strings.SplitSeq(strings.TrimSpace(api.Description), "\n\n") {
		doc, declaration := splitBlock(block)
		kind, rest, _ := strings.Cut(declaration, " ")
		name, _, _ := strings.Cut(rest, " ")
		name, _, _ = strings.Cut(name, "(")
		switch page := pages[kind]; {
		case page == nil || doc == "":
			t.Errorf("want a comment and an interface, type, method or error, found\n%s", block)
		case kind == "interface":
			page.WriteString(doc)
		case kind == "error":
			fmt.Fprintf(page, "- `%s.%s`: %s\n", api.Interface, name, strings.ReplaceAll(doc, "\n", " "))
		default:
			fmt.Fprintf(page, "### %s\n\n%s\n\n```text\n%s\n```\n\n", name, doc, rest)
		}
	}
	checkPage(t, "api.md",
		section{"interface", pages["interface"].String()},
		section{"methods", pages["method"].String()},
		section{"types", pages["type"].String()},
		section{"errors", pages["error"].String()})
}

// splitBlock parts the comment above a declaration from it.
func splitBlock(block string) (doc, declaration string) {
	var lines []string
	for {
		line, rest, _ := strings.Cut(block, "\n")
		text, ok := strings.CutPrefix(line, "#")
		if !ok {
			return strings.Join(lines, "\n"), block
		}
		lines = append(lines, strings.TrimSpace(text))
		block = rest
	}
}

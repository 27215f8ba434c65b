package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// TestPapers runs the commands of the papers for operators, in their order, on a server
// of their own, and compares what they print with what the papers say.
func TestPapers(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"git", "make", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
	t.Run("production-deployment", func(t *testing.T) { t.Parallel(); runPaper(t, newServer(t), "production-deployment.md") })
	t.Run("post-deployment-checklist", func(t *testing.T) {
		t.Parallel()
		runPaper(t, newServer(t), "post-deployment-checklist.md")
	})
	t.Run("status-endpoint", func(t *testing.T) {
		t.Parallel()
		s := newServer(t)
		s.must(s.checkout, `
mkdir bin
cp "$(command -v central-hub)" "$(command -v session-manager-stub)" bin/
scripts/hub-env.sh
echo METRICS_ADDR=127.0.0.1:`+s.ports.Replace("9464")+` >>apps/central-hub/.env
hubctl start ecosystem.yaml`)
		runPaper(t, s, "status-endpoint.md")
	})
}

// trouble is a script that makes something go wrong with the hub, and one that mends it.
type trouble struct{ begin, mend string }

// troubles are for the commands under a heading, which tell what they find.
func troubles(paper string) map[string]trouble {
	const (
		keep    = "cp -p apps/central-hub/.env \"$HOME/env\"\n"
		restart = "\nhubctl restart leadmaster-hub"
		mend    = "mv \"$HOME/env\" apps/central-hub/.env" + restart
		noBase  = keep + `printf 'DB_%s\n' HOST=localhost PORT=1 NAME=n USER=u PASSWORD=p >>apps/central-hub/.env` + restart
	)
	switch paper {
	case "production-deployment.md":
		return map[string]trouble{
			"Crash loop": {keep + "sed -i 's/^SESSION_SECRET=.*/SESSION_SECRET=/' apps/central-hub/.env" + restart + ` || true
timeout 15 sh -c 'until hubctl list | grep errored; do :; done'`, mend},
			"No answer":            {`kill -STOP "$(hubctl pid leadmaster-hub)"`, ""},
			"502":                  {"hubctl stop leadmaster-hub", ""},
			"Database unreachable": {noBase, mend},
		}
	case "status-endpoint.md":
		return map[string]trouble{
			"Degraded":  {keep + "sed -i 's/^\\(SESSION_MANAGER_BASE_URL=.*\\):.*/\\1:1/' apps/central-hub/.env" + restart, mend},
			"Unhealthy": {noBase, mend},
		}
	}
	return nil
}

// runPaper runs the blocks of a paper, each in a shell of its own.
func runPaper(t *testing.T, s *server, name string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := blocksOf(s.ports.Replace(string(page)))
	if err != nil {
		t.Fatalf("docs/%s: %v", name, err)
	}
	troubles := troubles(name)
	for chapter := range slices.Values(chaptersOf(blocks)) {
		now := troubles[chapter[0].heading]
		delete(troubles, chapter[0].heading)
		s.must(s.checkout, now.begin)
		for _, b := range chapter {
			s.run(name, b)
		}
		s.must(s.checkout, now.mend)
	}
	for heading := range troubles {
		t.Errorf("docs/%s has no commands under %s", name, heading)
	}
}

// chaptersOf parts blocks by their headings.
func chaptersOf(blocks []block) (chapters [][]block) {
	for i, b := range blocks {
		if i == 0 || b.heading != blocks[i-1].heading {
			chapters = append(chapters, nil)
		}
		last := &chapters[len(chapters)-1]
		*last = append(*last, b)
	}
	return chapters
}

// run runs a block that the server has the programs for.
func (s *server) run(paper string, b block) {
	s.t.Helper()
	if program, ok := b.flag("needs"); ok {
		if _, err := exec.LookPath(program); err != nil {
			s.t.Logf("docs/%s:%d: not run, %s is not installed", paper, b.line, program)
			return
		}
	}
	once := func() error {
		output, err := s.sh(s.checkout, b.commands)
		if _, fails := b.flag("fails"); (err != nil) != fails {
			return fmt.Errorf("it ended with %v\n%s", err, output)
		}
		return b.check(output)
	}
	err := once()
	if err != nil && b.looks() {
		// Lines of logs and figures come a moment later; people type slower.
		err = until(once)
	}
	if err != nil {
		s.t.Fatalf("docs/%s:%d: %s\n%v", paper, b.line, b.commands, err)
	}
}

// Command manpages writes the man pages of hub into a folder: hubctl.1 and one
// page for each command, from what hubctl says itself, and hubd.8. With
// SOURCE_DATE_EPOCH (seconds since 1970) the pages have that date, else none, so
// that the same sources give the same pages.
//
// cobra's own doc package is not used: it loses the <arguments> of commands, runs
// lines of tables together and writes each switch as --name[=false].
package main

import (
	_ "embed" // the page that is written by hand
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/cli"
)

//go:embed hubd.8
var hubdPage string

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: manpages FOLDER")
		os.Exit(1)
	}
	date, err := sourceDate(os.Getenv("SOURCE_DATE_EPOCH"))
	if err == nil {
		err = write(os.Args[1], pages(date))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "manpages:", err)
		os.Exit(1)
	}
}

// sourceDate returns the day of a time in seconds since 1970, as
// https://reproducible-builds.org/specs/source-date-epoch has it, or "".
func sourceDate(epoch string) (string, error) {
	if epoch == "" {
		return "", nil
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return "", fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	return time.Unix(seconds, 0).UTC().Format(time.DateOnly), nil
}

// pages returns the pages by their paths below the folder.
func pages(date string) map[string]string {
	all := map[string]string{
		"man8/hubd.8":       strings.NewReplacer("@DATE@", date, "@VERSION@", api.Version).Replace(hubdPage),
		"man8/hub-keeper.8": ".so man8/hubd.8\n",
	}
	root := cli.Commands()
	all["man1/hubctl.1"] = overview(root, date)
	for _, cmd := range root.Commands() {
		if cmd.IsAvailableCommand() {
			all["man1/"+pageName(cmd)+".1"] = page(cmd, date)
		}
	}
	return all
}

func write(dir string, pages map[string]string) error {
	for name, text := range pages {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

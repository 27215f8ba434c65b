package supervise

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/leadmaster/hub/pkg/logs"
	"github.com/leadmaster/hub/pkg/spec"
)

// readOutput gives the read ends of a launch's pipes to the log loop. On an
// error those that are still ours are in f.
func (i *Instance) readOutput(l *launch, f *files) error {
	s := l.spec
	path := func(base string) string {
		if s.DisableLogs || base == "" {
			return ""
		}
		return s.LogPath(base, i.Number)
	}
	l.errorFile = path(s.ErrorFile)
	if info, err := os.Stat(l.errorFile); err == nil && info.Mode().IsRegular() {
		l.errorFrom = info.Size()
	}
	source := func(fd int, path, combined, stream, kind string) logs.Source {
		src := logs.Source{
			FD: fd, Path: path, Combined: combined, Stamp: s.LogDateFormat,
			Name: s.Name + ":" + strconv.Itoa(i.ID) + " " + stream,
		}
		if s.LogType == spec.LogTypeJSON {
			src.Object = &logs.Object{Type: kind, ID: i.ID, App: s.Name}
		}
		return src
	}
	combined := path(s.LogFile)
	// The log loop answers at once or is closed.
	list, err := i.sup.Logs.Add(context.Background(),
		source(f.out, path(s.OutFile), combined, "stdout", "out"),
		source(f.err, l.errorFile, combined, "stderr", "err"))
	if err != nil {
		return fmt.Errorf("log file: %w", err)
	}
	f.out, f.err = -1, -1
	l.stdout, l.stderr = list[0], list[1]
	i.intakes = append(i.intakes, list...)
	return nil
}

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
	for _, stream := range []struct {
		kind, name, path string
		fd               *int
		intake           **logs.Intake
	}{
		{"out", "stdout", path(s.OutFile), &f.out, &l.stdout},
		{"err", "stderr", l.errorFile, &f.err, &l.stderr},
	} {
		source := logs.Source{
			FD: *stream.fd, Path: stream.path, Combined: path(s.LogFile), Stamp: s.LogDateFormat,
			Name: s.Name + ":" + strconv.Itoa(i.ID) + " " + stream.name,
		}
		if s.LogType == spec.LogTypeJSON {
			source.Object = &logs.Object{Type: stream.kind, ID: i.ID, App: s.Name}
		}
		// The log loop answers at once or is closed.
		in, err := i.sup.Logs.Add(context.Background(), source)
		if err != nil {
			return fmt.Errorf("log file: %w", err)
		}
		*stream.intake, *stream.fd = in, -1
		i.intakes = append(i.intakes, in)
	}
	return nil
}

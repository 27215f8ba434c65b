package supervise

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/leadmaster/hub/pkg/keeper"
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
	key := i.key(l.gen)
	source := func(fd int, path, combined, stream, kind string) logs.Source {
		src := logs.Source{
			Ended: func() { i.sup.Keeper.Release(key, kind) },
			FD:    fd, Path: path, Combined: combined, Stamp: s.LogDateFormat,
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
		source(f.out, path(s.OutFile), combined, "stdout", keeper.Out),
		source(f.err, l.errorFile, combined, "stderr", keeper.Err))
	if err != nil {
		return fmt.Errorf("log file: %w", err)
	}
	f.out, f.err = -1, -1
	l.stdout, l.stderr = list[0], list[1]
	i.outputs = append(i.outputs, output{list[0], l.gen, keeper.Out}, output{list[1], l.gen, keeper.Err})
	return nil
}

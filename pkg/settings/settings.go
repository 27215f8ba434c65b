package settings

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/leadmaster/hub/pkg/spec"
)

// Name is the name of the file in HUB_HOME.
const Name = "hubd.yaml"

// Path returns where the settings of a home lie.
func Path(home string) string { return filepath.Join(home, Name) }

// Settings are what hubd.yaml says, with the defaults for what it does not.
type Settings struct {
	// Apps are defaults for apps that say nothing.
	Apps spec.Defaults
	// MemoryInterval is how often the memory of apps with a limit is looked at.
	MemoryInterval time.Duration
}

// set reads the value of one of Keys. The error says what was found and what
// would be right.
func (s *Settings) set(name, text string) error {
	if name != memoryInterval {
		return s.Apps.Set(name, text)
	}
	d, err := spec.ParseDuration(text)
	if err != nil {
		return err
	}
	if d.Std() < leastMemoryInterval {
		return fmt.Errorf("found %s; want at least %s", d, spec.Duration(leastMemoryInterval))
	}
	s.MemoryInterval = d.Std()
	return nil
}

// Load returns the settings of a home. A home without the file has the
// defaults. The error is an *fs.PathError, or spec.Problems with all that is
// wrong with the file.
func Load(home string) (Settings, error) {
	f, err := Open(home)
	if err != nil {
		return Settings{}, err
	}
	return f.settings, nil
}

// Before returns the settings of a home as they were before Set last changed them:
// those of the .bak file, or the defaults where that is of no use either.
func Before(home string) Settings {
	f, err := Read(Path(home) + ".bak")
	if err != nil {
		return Settings{MemoryInterval: DefaultMemoryInterval}
	}
	return f.settings
}

// Open reads the file of a home; where there is none, it is as an empty one. Its
// errors are Load's.
func Open(home string) (*File, error) { return readOrEmpty(Path(home)) }

func readOrEmpty(path string) (*File, error) {
	f, err := Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return parse(path, nil)
	}
	return f, err
}

// Read reads the file at path, which must be there.
func Read(path string) (*File, error) {
	// O_NONBLOCK: a FIFO in its place must not hold up every command.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot read the settings: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("cannot read the settings: %s is no regular file", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, spec.MaxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read the settings: %w", err)
	}
	return parse(path, data)
}

package account

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Life is what a process has told of itself.
type Life struct {
	PID        int
	UUID       string // of the instance
	Generation int
	ID         int // of the instance
	App        string
	Number     int  // of the instance among those of the app
	Main       bool // the process that hub launched, not one that it started
	Mixed      bool // its lines are of all lengths
	// Last is the time of its last entry, after which it ended, or runs on.
	Last time.Time
	// Exit is how it meant to end, in hubd's words; empty where somebody else
	// ended it, or it runs.
	Exit string
	// Done counts the lines of each stream that it has written whole.
	Done map[string]int
	// Got are the numbers of the messages that came over its channel.
	Got []int
	// Faults are what must not happen to it.
	Faults []string
}

// Launch names the launch that the process belongs to.
func (l *Life) Launch() string { return l.UUID + ":" + strconv.Itoa(l.Generation) }

// Key begins every line of a stream of the process.
func (l *Life) Key(stream string) string {
	return fmt.Sprintf("%s-%d-%d-%s", l.UUID, l.Generation, l.PID, stream)
}

func (l *Life) String() string {
	return fmt.Sprintf("%s %s (id %d, pid %d)", l.App, l.Launch(), l.ID, l.PID)
}

// Read reads all books of a folder, in the order of their generations.
func Read(dir string) ([]*Life, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var lives []*Life
	for _, e := range entries {
		l, err := read(filepath.Join(dir, e.Name()))
		switch {
		case errors.Is(err, errEmpty), errors.Is(err, fs.ErrNotExist):
			continue // killed before it could say anything
		case err != nil:
			return nil, fmt.Errorf("book %s: %w", e.Name(), err)
		}
		lives = append(lives, l)
	}
	slices.SortFunc(lives, func(a, b *Life) int { return a.Generation - b.Generation })
	return lives, nil
}

var errEmpty = errors.New("nothing in it")

// read reads a book. An entry without a newline was not made.
func read(path string) (*Life, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	data = data[:bytes.LastIndexByte(data, '\n')+1]
	if len(data) == 0 {
		return nil, errEmpty
	}
	l := &Life{Last: info.ModTime(), Done: make(map[string]int)}
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		if err := l.entry(lines.Text()); err != nil {
			return nil, fmt.Errorf("%q: %w", lines.Text(), err)
		}
	}
	if l.UUID == "" {
		return nil, errors.New("no start")
	}
	return l, nil
}

func (l *Life) entry(text string) (err error) {
	word, rest, _ := strings.Cut(text, " ")
	switch word {
	case "start":
		return l.started(rest)
	case Out, Err:
		l.Done[word], err = strconv.Atoi(rest)
	case "end":
		l.Exit = rest
	case "got":
		var n int
		n, err = strconv.Atoi(rest)
		l.Got = append(l.Got, n)
	case "fault":
		l.Faults = append(l.Faults, rest)
	default:
		err = errors.New("unknown entry")
	}
	return err
}

// started reads PID MARK ID APP NUMBER ROLE LENGTHS.
func (l *Life) started(text string) error {
	var mark, role, lengths string
	if _, err := fmt.Sscan(text, &l.PID, &mark, &l.ID, &l.App, &l.Number, &role, &lengths); err != nil {
		return err
	}
	parts := strings.Split(mark, ":")
	if len(parts) != 3 {
		return fmt.Errorf("mark %q: want home, instance and generation", mark)
	}
	generation, err := strconv.Atoi(parts[2])
	if err != nil {
		return err
	}
	l.UUID, l.Generation = parts[1], generation
	l.Main, l.Mixed = role == "main", lengths == "mixed"
	return nil
}

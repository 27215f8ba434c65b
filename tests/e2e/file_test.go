package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

func awaitFile(ts *testscript.TestScript, args []string) error {
	re, err := pattern(args[1])
	if err != nil {
		return err
	}
	return watchFile(ts.MkAbs(args[0]), re)
}

// watchFile waits until a part of a file matches. The file need not be there,
// its folder must.
func watchFile(path string, re *regexp.Regexp) error {
	changes, err := changesIn(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer changes.Close()
	buf := make([]byte, 64<<10)
	for {
		data, err := os.ReadFile(path)
		if err == nil && re.Match(data) {
			return nil
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if _, err := changes.Read(buf); err != nil {
			return fmt.Errorf("%s never matched %s: %w; its end is\n%s", path, re, err, data[max(0, len(data)-2000):])
		}
	}
}

// changesIn returns a descriptor that is readable whenever a file of the folder
// has changed (inotify(7)), for as long as a script has patience.
func changesIn(dir string) (*os.File, error) {
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("inotify: %w", err)
	}
	f := os.NewFile(uintptr(fd), "inotify")
	_, err = unix.InotifyAddWatch(fd, dir, unix.IN_CREATE|unix.IN_MODIFY|unix.IN_MOVED_TO)
	if err == nil {
		err = f.SetReadDeadline(time.Now().Add(patience))
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("watch %s: %w", dir, err)
	}
	return f, nil
}

// lines checks that a file holds the lines "WRITER 1" to "WRITER COUNT" of each
// writer (a single one called line, if none is named), whole, once and in
// order, and nothing else. With -stamp each begins with a match of PATTERN.
func lines(ts *testscript.TestScript, args []string) error {
	file, args := args[0], args[1:]
	count, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	stamp, writers := "", args[1:]
	if len(writers) > 1 && writers[0] == "-stamp" {
		stamp, writers = writers[1], writers[2:]
	}
	if len(writers) == 0 {
		writers = []string{"line"}
	}
	line, err := regexp.Compile("^" + stamp + "(" + strings.Join(writers, "|") + `) (\d+)$`)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(ts.MkAbs(file))
	if err != nil {
		return err
	}
	return numbered(data, line, writers, count)
}

// numbered is lines without its arguments; the last two groups of the
// expression are the writer and the number.
func numbered(data []byte, line *regexp.Regexp, writers []string, count int) error {
	last := make(map[string]int)
	at := 0
	for text := range bytes.Lines(data) {
		at++
		m := line.FindSubmatch(bytes.TrimSuffix(text, []byte{'\n'}))
		if m == nil || !bytes.HasSuffix(text, []byte{'\n'}) {
			return fmt.Errorf("line %d is %q", at, text)
		}
		writer, number := string(m[len(m)-2]), string(m[len(m)-1])
		if last[writer]++; number != strconv.Itoa(last[writer]) {
			return fmt.Errorf("line %d is %q, want number %d", at, text, last[writer])
		}
	}
	for _, w := range writers {
		if last[w] != count {
			return fmt.Errorf("%s has %d lines, want %d", w, last[w], count)
		}
	}
	return nil
}

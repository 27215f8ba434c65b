package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"

	"github.com/leadmaster/hub/pkg/store"
	"golang.org/x/sys/unix"
)

// ownLog is the daemon's own log, hubd.log.
type ownLog struct {
	path  string
	file  *os.File
	fault error      // why file is not hubd.log
	mu    sync.Mutex // one reopen at a time
}

// openLog opens hubd.log. Where that can't be, on a read-only disk, the log goes
// to stderr: apps must be managed all the same, and stderr is most often the
// hubd.log that a daemon before has opened.
func openLog(home string) (*ownLog, error) {
	h, err := store.OpenHome(home)
	if err != nil {
		return nil, err
	}
	l := &ownLog{path: h.LogPath()}
	if l.file, l.fault = l.open(); l.fault == nil {
		return l, nil
	}
	fd, err := unix.FcntlInt(os.Stderr.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("log: %w", errors.Join(l.fault, err))
	}
	l.file = os.NewFile(uintptr(fd), "stderr")
	return l, nil
}

func (l *ownLog) open() (*os.File, error) {
	return os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
}

// logger writes to the file, and in the foreground to stderr as well.
func (l *ownLog) logger(foreground bool, stderr io.Writer) *slog.Logger {
	var out io.Writer = l.file
	if foreground && l.fault == nil {
		out = io.MultiWriter(l.file, stderr)
	}
	log := slog.New(slog.NewTextHandler(out, nil))
	if l.fault != nil {
		log.Error("hubd.log can't be written; this goes to stderr", "error", l.fault)
	}
	return log
}

// reopen goes over to the file that the path names now. The descriptor stays,
// so writers need not know; and where stderr is the old file, as hubctl makes
// it, it goes along: a panic belongs where one looks for it.
func (l *ownLog) reopen() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	next, err := l.open()
	if err != nil {
		return err
	}
	defer next.Close()
	if sameFile(l.file, os.Stderr) {
		if err := unix.Dup3(int(next.Fd()), int(os.Stderr.Fd()), 0); err != nil {
			return fmt.Errorf("dup3: %w", err)
		}
	}
	if err := unix.Dup3(int(next.Fd()), int(l.file.Fd()), unix.O_CLOEXEC); err != nil {
		return fmt.Errorf("dup3: %w", err)
	}
	return nil
}

// takeStderr makes hubd.log stderr, where that is a file: the keeper passes on what
// it was started with, and that may have been put away since. A panic belongs where
// one looks for it.
func (l *ownLog) takeStderr() error {
	info, err := os.Stderr.Stat()
	if err != nil || l.fault != nil || !info.Mode().IsRegular() || sameFile(l.file, os.Stderr) {
		return nil
	}
	if err := unix.Dup3(int(l.file.Fd()), int(os.Stderr.Fd()), 0); err != nil {
		return fmt.Errorf("dup3: %w", err)
	}
	return nil
}

func sameFile(a, b *os.File) bool {
	one, err := a.Stat()
	if err != nil {
		return false
	}
	other, err := b.Stat()
	return err == nil && os.SameFile(one, other)
}

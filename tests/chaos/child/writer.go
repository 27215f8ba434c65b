package main

import (
	"math/rand/v2"
	"os"
	"syscall"
	"time"

	"github.com/leadmaster/hub/tests/chaos/account"
)

// writer writes the numbered lines of a process.
type writer struct {
	plan
	book *account.Book
	dice *rand.Rand
}

// write writes lines until the process's time is over or it is told to end, and
// then the last words.
func (w *writer) write(told <-chan os.Signal) error {
	var over <-chan time.Time
	if w.life > 0 {
		over = time.After(w.life/2 + w.upTo(w.life))
	}
	for {
		if err := w.line(account.Out); err != nil {
			return err
		}
		if w.both && w.dice.IntN(2) == 0 {
			if err := w.line(account.Err); err != nil {
				return err
			}
		}
		select {
		case <-time.After(w.upTo(w.pause)):
			continue
		case <-over:
		case <-told:
		}
		return w.lastWords()
	}
}

// lastWords come in one go, as those of a program that crashes.
func (w *writer) lastWords() error {
	for range 3 {
		if err := w.line(account.Out); err != nil {
			return err
		}
	}
	if !w.both {
		return nil
	}
	return w.line(account.Err)
}

// line writes the next line of a stream, and enters it when it is written.
func (w *writer) line(stream string) error {
	fd := 1
	if stream == account.Err {
		fd = 2
	}
	text := account.Text(w.book.Key(stream), w.book.Done[stream]+1, w.mixed) + "\n"
	if w.halves && w.dice.IntN(6) == 0 {
		half := len(text) / 2
		if err := write(fd, text[:half]); err != nil {
			return err
		}
		<-time.After(w.upTo(250 * time.Millisecond))
		text = text[half:]
	}
	if err := write(fd, text); err != nil {
		return err
	}
	return w.book.Wrote(stream)
}

func (w *writer) upTo(d time.Duration) time.Duration {
	return time.Duration(w.dice.Int64N(int64(d) + 1))
}

// write writes all of the text.
func write(fd int, text string) error {
	data := []byte(text)
	for len(data) > 0 {
		n, err := syscall.Write(fd, data)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

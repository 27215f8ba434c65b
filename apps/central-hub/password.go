package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/leadmaster/hub/apps/central-hub/internal/auth"
	"github.com/leadmaster/hub/apps/central-hub/internal/console"
)

// asker gets a password from whoever is at stdin.
type asker struct {
	stdin  *os.File
	stderr io.Writer
}

// newPassword asks for it twice, unseen, where stdin is a terminal; otherwise it is the
// first line. The error tells what is wrong with it, never what it was.
func (a asker) newPassword(ctx context.Context) (string, error) {
	password, err := a.ask(ctx)
	switch {
	case err != nil:
		return "", fmt.Errorf("read the password: %w", err)
	case !utf8.ValidString(password):
		// No login could send it.
		return "", errors.New("the password is not in UTF-8")
	default:
		return password, auth.CheckPassword(password)
	}
}

func (a asker) ask(ctx context.Context) (string, error) {
	if !term.IsTerminal(int(a.stdin.Fd())) {
		return a.await(ctx, a.line)
	}
	password, err := a.prompt(ctx, "Password: ")
	if err != nil {
		return "", err
	}
	again, err := a.prompt(ctx, "Password again: ")
	if err == nil && again != password {
		err = errors.New("what was typed the second time differs")
	}
	return password, err
}

// longestLine is in bytes, more than enough to see that a password is too long.
const longestLine = 4096

// line reads the first line, with or without its end, that of Windows too.
func (a asker) line() (string, error) {
	line, err := bufio.NewReader(io.LimitReader(a.stdin, longestLine)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), nil
}

// prompt reads a line that the terminal does not show. A signal leaves the terminal as
// it was.
func (a asker) prompt(ctx context.Context, text string) (string, error) {
	fd := int(a.stdin.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	defer func() {
		_ = term.Restore(fd, before)
		// The line's end was not shown either.
		fmt.Fprintln(a.stderr)
	}()
	fmt.Fprint(a.stderr, text)
	return a.await(ctx, func() (string, error) {
		line, err := term.ReadPassword(fd)
		return string(line), err
	})
}

// await lets a signal end the wait for read, which nothing else can interrupt.
func (a asker) await(ctx context.Context, read func() (string, error)) (string, error) {
	type answer struct {
		line string
		err  error
	}
	answers := make(chan answer, 1)
	console.New(a.stderr, a.stderr).Go("password prompt", func() {
		line, err := read()
		answers <- answer{line, err}
	})
	select {
	case <-ctx.Done():
		return "", errors.New("interrupted")
	case got := <-answers:
		return got.line, got.err
	}
}

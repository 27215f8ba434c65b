package verify

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/leadmaster/hub/tests/chaos/account"
)

// Log is a log file and what belongs into it.
type Log struct {
	Path    string
	App     string
	Number  int    // of the instance; -1: of all of them
	Stream  string // out or err; empty: both
	JSON    bool   // log_type: json
	Stamped bool   // time: true
}

// streams returns the streams of a process that belong into the log.
func (l *Log) streams(of *account.Life) []string {
	switch {
	case l.App != of.App || l.Number >= 0 && l.Number != of.Number:
		return nil
	case l.Stream == "":
		return []string{account.Out, account.Err}
	}
	return []string{l.Stream}
}

// physical is a line of the file, as it stands there.
type physical struct {
	offset int64
	text   string
	rest   bool // says that it goes on with a line that was cut
	ended  bool // has its newline
	id     int  // of the instance that it names; -1: none
}

const continued = "[continued] "

var stamp = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d: `)

// each calls f for every line of the file, with what hub puts around it removed.
func (l *Log) each(r io.Reader, f func(physical)) error {
	in, offset := bufio.NewReaderSize(r, 1<<20), int64(0)
	for {
		text, err := in.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if text == "" {
			return nil
		}
		line := physical{offset: offset, id: -1}
		offset += int64(len(text))
		line.text, line.ended = strings.CutSuffix(text, "\n")
		if err := l.unwrap(&line); err != nil {
			return fmt.Errorf("%s: offset %d: %w", l.Path, line.offset, err)
		}
		line.text, line.rest = strings.CutPrefix(line.text, continued)
		f(line)
	}
}

func (l *Log) unwrap(line *physical) error {
	if l.Stamped {
		at := stamp.FindString(line.text)
		if at == "" {
			return fmt.Errorf("no stamp: %s", short(line.text))
		}
		line.text = line.text[len(at):]
	}
	if !l.JSON {
		return nil
	}
	var o struct {
		Message   *string `json:"message"`
		Type      string  `json:"type"`
		ProcessID int     `json:"process_id"`
		AppName   string  `json:"app_name"`
	}
	if err := json.Unmarshal([]byte(line.text), &o); err != nil {
		return fmt.Errorf("no object: %w: %s", err, short(line.text))
	}
	if o.Message == nil || o.AppName != l.App || l.Stream != "" && o.Type != l.Stream {
		return fmt.Errorf("an object of another log: %s", short(line.text))
	}
	line.text, line.id = *o.Message, o.ProcessID
	return nil
}

// short is a text for a complaint.
func short(text string) string {
	const half = 120
	if len(text) <= 2*half {
		return fmt.Sprintf("%q", text)
	}
	return fmt.Sprintf("%q…(%d bytes)…%q", text[:half], len(text)-2*half, text[len(text)-half:])
}

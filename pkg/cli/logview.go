package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/leadmaster/hub/pkg/api"
)

// leastLabel is the width of PM2's labels in front of log lines.
const leastLabel = 10

// logView turns replies of Logs into text.
type logView struct {
	lines int // asked of each file, for the heads
	raw   bool
	heads bool // files without lines have heads too
	// stamps: each line's time goes in front of its label.
	stamps    bool
	highlight string // a word to stand out, or empty
	term      terminal
	// errTerm is where raw lines of stderr go.
	errTerm terminal

	sources []logSource
	width   int // of the labels
	parts   []logPart
	between bool // something stands above, so a head needs an empty line
	over    bool // the last lines are through, what comes is new
	later   bool // something new has come
}

// logSource is a file that was announced.
type logSource struct {
	api.LogSource
	label string
	shown bool // its head is printed, or will not be
}

// logPart is text for one of hubctl's own streams.
type logPart struct {
	text   []byte
	stderr bool
}

// add takes a reply. Last lines come with or right after the reply that announces
// their file and stand under its head; lines that come later need none.
func (v *logView) add(reply *api.LogsReply) {
	first := len(v.sources)
	for _, s := range reply.Sources {
		label := instanceLabel(s.ID, s.Name)
		v.sources = append(v.sources, logSource{LogSource: s, label: label})
		v.widen(label)
	}
	if len(reply.Sources) == 0 && len(reply.Lines) == 0 {
		v.over = true
		return
	}
	if v.over && !v.later && len(reply.Lines) > 0 {
		v.later = true
		if v.between && !v.raw {
			v.write("\n", false)
		}
	}
	for i := range reply.Lines {
		if line := &reply.Lines[i]; line.Source >= 0 && line.Source < len(v.sources) {
			v.line(&v.sources[line.Source], line)
		}
	}
	for i := first; i < len(v.sources); i++ {
		if v.heads {
			v.head(&v.sources[i])
		}
		v.sources[i].shown = true
	}
}

// instanceLabel is what stands in front of an instance's lines; without an id
// the file is shared or the daemon's.
func instanceLabel(id int, name string) string {
	label := harmless(name, false)
	if id >= 0 {
		label = strconv.Itoa(id) + "|" + label
	}
	return label
}

func (v *logView) widen(label string) {
	v.width = max(v.width, leastLabel, displayWidth(label))
}

// line shows a line.
func (v *logView) line(s *logSource, line *api.LogLine) {
	text, stamp := string(line.Bytes()), ""
	if v.stamps && line.Timestamp != "" {
		stamp = harmless(line.Timestamp, false) + " "
	}
	if v.raw {
		v.rawLine(stamp+text, s.Stream == api.StreamErr, line.Partial)
		return
	}
	v.head(s)
	label := s.label + strings.Repeat(" ", v.width-displayWidth(s.label)) + " |"
	v.write(stamp+v.term.paint(streamColour(s.Stream), label)+" "+v.highlit(harmless(text, v.term.colour))+"\n", false)
	v.between = true
}

// rawLine shows a line as it was written, but for what would harm a terminal. A
// part of one comes without a line break of ours.
func (v *logView) rawLine(text string, stderr, partial bool) {
	term := v.term
	if stderr {
		term = v.errTerm
	}
	if term.width > 0 {
		text = harmless(text, term.colour)
	}
	if !partial {
		text += "\n"
	}
	v.write(text, stderr)
}

// highlit puts the first occurrence of the word to highlight in reverse.
func (v *logView) highlit(text string) string {
	before, after, found := strings.Cut(text, v.highlight)
	if v.highlight == "" || !found {
		return text
	}
	return before + v.term.paint(reverse, v.highlight) + after
}

// head prints the line that names a file, once.
func (v *logView) head(s *logSource) {
	if s.shown || v.raw || v.lines == 0 {
		return
	}
	s.shown = true
	if v.between {
		v.write("\n", false)
	}
	v.write(v.term.paint(bold, fmt.Sprintf("%s last %d lines:", harmless(s.Path, false), v.lines))+"\n", false)
	v.between = true
}

func (v *logView) write(text string, stderr bool) {
	if n := len(v.parts); n > 0 && v.parts[n-1].stderr == stderr {
		v.parts[n-1].text = append(v.parts[n-1].text, text...)
		return
	}
	v.parts = append(v.parts, logPart{[]byte(text), stderr})
}

// take hands out what was gathered.
func (v *logView) take() []logPart {
	parts := v.parts
	v.parts = nil
	return parts
}

func streamColour(stream string) colour {
	switch stream {
	case api.StreamOut:
		return green
	case api.StreamErr:
		return red
	}
	return blue
}

package cli

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// terminal is what is known of the place that output goes to.
type terminal struct {
	width  int // columns; 0: no terminal
	colour bool
}

// terminalOf looks at where w leads. Colours need a terminal, and NO_COLOR
// (no-color.org) and TERM=dumb switch them off.
func (c *ctl) terminalOf(w io.Writer) terminal {
	file, ok := w.(*os.File)
	if !ok {
		return terminal{}
	}
	size, err := unix.IoctlGetWinsize(int(file.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return terminal{}
	}
	t := terminal{width: int(size.Col)}
	if t.width == 0 {
		t.width = 80
	}
	t.colour = !c.noColour && c.getenv("NO_COLOR") == "" && c.getenv("TERM") != "dumb"
	return t
}

// colour is the parameter of an SGR sequence (ECMA-48); empty is none.
type colour string

const (
	plain   colour = ""
	bold    colour = "1"
	reverse colour = "7"
	red     colour = "31"
	green   colour = "32"
	yellow  colour = "33"
	blue    colour = "34"
	accent  colour = "1;36"
)

// paint puts the colour around text where the terminal has colours.
func (t terminal) paint(col colour, text string) string {
	if !t.colour || col == plain {
		return text
	}
	return "\x1b[" + string(col) + "m" + text + "\x1b[0m"
}

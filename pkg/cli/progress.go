package cli

import (
	"fmt"
	"io"
)

// progress is a line on the terminal that tells how far a waiting command is,
// rewritten in place and gone at the end. Off a terminal it does nothing.
type progress struct {
	w     io.Writer // nil: no progress line
	total int       // 0: unknown
	count int
	shown bool
}

// newProgress makes a line that is first shown by expect or show.
func (c *ctl) newProgress(total int) *progress {
	p := &progress{total: total}
	if !c.silent && c.terminalOf(c.Stderr).width > 0 {
		p.w = c.Stderr
	}
	return p
}

// expect raises the number that is waited for.
func (p *progress) expect(more int) {
	p.clear()
	p.total += more
	p.show(0)
}

// show counts further results and writes the line anew.
func (p *progress) show(more int) {
	p.count += more
	switch {
	case p.w == nil || p.total > 0 && p.count >= p.total:
		return
	case p.total > 0:
		fmt.Fprintf(p.w, "%d/%d online …", p.count, p.total)
	default:
		fmt.Fprintf(p.w, "%d done …", p.count)
	}
	p.shown = true
}

// clear removes the line so that something else can be printed.
func (p *progress) clear() {
	if p.shown {
		// Erase the line (EL, ECMA-48).
		io.WriteString(p.w, "\r\x1b[K")
		p.shown = false
	}
}

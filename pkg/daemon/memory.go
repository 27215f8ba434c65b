package daemon

import (
	"runtime"
	"runtime/debug"
	"time"

	"github.com/leadmaster/hub/pkg/pages"
)

// The runtime lets garbage grow to 4 MiB before the first collection, which is
// more than all that the daemon needs for a hundred apps. A lower percentage
// bounds it. A memory limit would too, but one so near to what lives makes it
// collect without an end: a list took 3 ms, most of them in the collector,
// where it takes 0.4 now.
const gcPercent = 50

// tidyDelay is how long nothing must have been started or ended until the memory
// that this took is given back.
const tidyDelay = time.Second

// memory keeps the daemon small.
type memory struct {
	tidy  *time.Timer
	pages pages.Program
}

func newMemory() *memory {
	debug.SetGCPercent(gcPercent)
	m := &memory{pages: pages.Thin(piece)}
	m.tidy = time.AfterFunc(tidyDelay, m.giveBack)
	return m
}

// piece is in how large pieces of the program, in bytes, pages come back.
const piece = 16 << 10

// giveBack collects twice, since a collection halves a stack that is not needed,
// and lets go of the pages of the program that starting and ending took.
func (m *memory) giveBack() {
	runtime.GC()
	debug.FreeOSMemory()
	m.pages.GiveBack()
}

// changed notes that something was started or ended.
func (m *memory) changed() { m.tidy.Reset(tidyDelay) }

func (m *memory) stop() { m.tidy.Stop() }

package daemon

import (
	"runtime"
	"runtime/debug"
	"time"
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
type memory struct{ tidy *time.Timer }

func newMemory() *memory {
	debug.SetGCPercent(gcPercent)
	return &memory{tidy: time.AfterFunc(tidyDelay, tidy)}
}

// tidy collects twice, since a collection halves a stack that is not needed.
func tidy() {
	runtime.GC()
	debug.FreeOSMemory()
}

// changed notes that something was started or ended.
func (m *memory) changed() { m.tidy.Reset(tidyDelay) }

func (m *memory) stop() { m.tidy.Stop() }

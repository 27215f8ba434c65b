package console

import (
	"fmt"
	"runtime/debug"
)

// Go runs f in a goroutine of its own, which name tells apart in the log. A
// panic ends f and not the hub. Every goroutine of the hub starts here.
func (c *Console) Go(name string, f func()) {
	go func() {
		defer c.reject(name)
		f()
	}()
}

func (c *Console) reject(name string) {
	if reason := recover(); reason != nil {
		fmt.Fprintf(c.stderr, "❌ UNHANDLED REJECTION at: %s\nReason: %v\n%s", name, reason, debug.Stack())
	}
}

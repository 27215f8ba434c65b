package daemon

import "runtime/debug"

// The runtime lets garbage grow to 4 MiB before the first collection, which is
// more than all that the daemon needs for a hundred apps. A limit makes it
// collect, and give pages back, in time. It must stay well above what lives, or
// collecting would be all that the daemon does.
const (
	memoryBase        = 6 << 20  // bytes, without an app
	memoryPerInstance = 20 << 10 // bytes; about 14 KiB of them in use
)

// limitMemory fits the limit to the number of instances.
func limitMemory(instances int) {
	debug.SetMemoryLimit(memoryBase + int64(instances)*memoryPerInstance)
}

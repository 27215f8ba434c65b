// Package stats gives figures of process trees and of the host.
//
// A Scanner reads /proc/PID/stat of every process in one pass and shares it:
// callers that come while a pass runs get the next one together, so a stop of a
// hundred apps costs two or three passes and no answer is older than its
// question. A pass has a goroutine of its own, which ends when nobody waits any
// more; otherwise the package has none.
//
// Nothing here starts a program, and nothing fails for all because one process
// vanished or can't be read.
package stats

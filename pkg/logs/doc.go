// Package logs carries the output of apps from their pipes into files, line by
// line, and reads those files back.
//
// The pipe is the buffer, the file is the truth: a [Loop] peeks at a pipe
// (tee(2)), stamps the whole lines, writes them with one write(2) and only then
// takes those bytes out of the pipe. A daemon that is killed in between repeats
// a chunk and loses nothing; a file that can't be written leaves the bytes in
// the pipe, and the app waits there. Readers ([Tail], [Follower]) read the file
// by position, so none of them can slow a writer.
//
// One goroutine, the one that calls [Loop.Run], owns all intakes (read ends of
// pipes), all sinks (files) and the only buffers there are. Followers run on
// their callers' goroutines and meet the loop in a topic, which has a lock.
package logs

// Package logs carries the output of apps from their pipes into files, line by
// line, and reads those files back.
//
// The pipe is the buffer, the file is the truth: a [Loop] peeks at a pipe
// (tee(2)), stamps the whole lines, writes them with one write(2) and only then
// takes those bytes out of the pipe. A file that can't be written leaves the
// bytes in the pipe, and the app waits there. Readers ([Tail], [Follower]) read
// the file by position, so none of them can slow a writer.
//
// What is under way stands in a journal, in memory that outlives the process:
// one that is killed at any moment is followed by one that goes on with the same
// pipes, and every line is in its file once, whole and in order.
//
// One goroutine, the one that calls [Loop.Run], owns all intakes (read ends of
// pipes), all sinks (files) and the only buffers there are. Followers run on
// their callers' goroutines and meet the loop in a topic, which has a lock.
package logs

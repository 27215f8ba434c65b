package logs

import (
	"slices"

	"golang.org/x/sys/unix"
)

// Done is closed when the intake has ended: at end of file, after the last byte
// is written, or by Close.
func (in *Intake) Done() <-chan struct{} { return in.done }

// Close stops reading now; what is in the pipe is lost. It does not wait, and
// may be called twice and from anywhere.
func (in *Intake) Close() {
	in.loop.loop.Post(func() { in.end(ErrClosed) })
}

// FD returns the descriptor of the pipe, or -1 when the intake has ended. It may
// be called while the loop is frozen.
func (in *Intake) FD() int {
	if in.ended {
		return -1
	}
	return in.fd
}

// end gives everything back. cause, nil at end of file, answers the Syncs.
func (in *Intake) end(cause error) {
	if in.ended {
		return
	}
	for i := range in.outlets {
		in.outlets[i].sink.leave(&in.outlets[i])
	}
	// The first one's slot last: alone it is enough to tell what was taken.
	for i := range slices.Backward(in.outlets) {
		in.loop.journal.release(in.outlets[i].slot)
	}
	in.close(cause)
	if in.atEnd != nil {
		in.atEnd()
	}
}

// abandon ends an intake with its loop. With a journal somebody may go on where
// it was.
func (in *Intake) abandon() {
	if !in.loop.journal.lasting() {
		in.atEnd = nil
		in.end(ErrClosed)
		return
	}
	for i := range in.outlets {
		in.outlets[i].sink.forget(&in.outlets[i])
	}
	in.close(ErrClosed)
}

func (in *Intake) close(cause error) {
	in.ended, in.cause = true, cause
	in.alarm.stop()
	in.watch.Remove()
	unix.Close(in.fd)
	delete(in.loop.intakes, in)
	in.answer(cause)
	close(in.done)
}

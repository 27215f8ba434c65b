package keeper

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// HoldBack makes SIGUSR2, which asks the keeper to leave, wait while this process
// executes the keeper's program: in the milliseconds until that catches it, it would
// kill. A mask outlives execve(2), and Go's runtime keeps it for signals that it would
// only pass on; SIGTERM it lets through at its start. It is the calling thread's, so
// call it, and release, from the leading one.
func HoldBack() (release func()) {
	mask(unix.SIG_BLOCK)
	return LetThrough
}

// LetThrough ends HoldBack, also that of the program before. Who is forked by the
// thread would have the mask too.
func LetThrough() { mask(unix.SIG_UNBLOCK) }

func mask(how int) {
	const bits = 8 * int(unsafe.Sizeof(unix.Sigset_t{}.Val[0]))
	var set unix.Sigset_t
	n := int(unix.SIGUSR2) - 1
	set.Val[n/bits] |= 1 << (n % bits)
	_ = unix.PthreadSigmask(how, &set, nil) // it fails for another how
}

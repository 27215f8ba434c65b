package keeper

import (
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Execute executes a program in this process's place, with the arguments and the
// table: --kept and the number of its memfd come last. Call it from the leading
// thread, with nobody forking: what the table names is inherited by any child for a
// moment. It returns only if it fails, with everything as it was.
func Execute(program string, args []string, table *Table) error {
	memfd, err := WriteTable(table)
	if err != nil {
		return err
	}
	defer unix.Close(memfd)
	fds := append(table.Descriptors(), memfd)
	defer func() { _ = Inherit(false, fds...) }()
	if err := Inherit(true, fds...); err != nil {
		return err
	}
	argv := append(append([]string{program}, args...), "--kept", strconv.Itoa(memfd))
	var limit unix.Rlimit
	if err := prlimit(nil, &limit); err != nil {
		return err
	}
	err = syscall.Exec(program, argv, syscall.Environ())
	// Exec has put the limit back that the runtime had raised at the start, for the
	// next program to raise it by itself.
	_ = prlimit(&limit, nil)
	return err
}

// prlimit sets and tells how many descriptors this process may have
// (RLIMIT_NOFILE, prlimit(2)).
func prlimit(next, old *unix.Rlimit) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NOFILE,
		uintptr(unsafe.Pointer(next)), uintptr(unsafe.Pointer(old)), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

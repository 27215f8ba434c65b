package closeexec

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestFrom(t *testing.T) {
	for name, mark := range map[string]func(int) error{"close_range": From, "one by one": oneByOne} {
		t.Run(name, func(t *testing.T) {
			first, err := unix.FcntlInt(0, unix.F_DUPFD, 500)
			if err != nil {
				t.Fatal(err)
			}
			defer unix.Close(first)
			second, err := unix.FcntlInt(0, unix.F_DUPFD, 500)
			if err != nil {
				t.Fatal(err)
			}
			defer unix.Close(second)
			if err := mark(second); err != nil {
				t.Fatal(err)
			}
			for fd, want := range map[int]int{first: 0, second: unix.FD_CLOEXEC} {
				flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
				if err != nil {
					t.Fatal(err)
				}
				if flags != want {
					t.Errorf("descriptor %d: flags %d, want %d", fd, flags, want)
				}
			}
		})
	}
}

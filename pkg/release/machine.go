package release

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
)

// machineEnd is where e_machine ends in the header of an ELF file (elf(5)).
const machineEnd = 20

// runsHere tells by the start of a program whether it is for this machine. hub is
// published for two, both with the least significant byte first.
func runsHere(start [machineEnd]byte) error {
	if string(start[:4]) != "\x7fELF" {
		return errors.New("it is no program")
	}
	var machine string
	switch number := binary.LittleEndian.Uint16(start[18:]); number {
	case 62: // EM_X86_64
		machine = "amd64"
	case 183: // EM_AARCH64
		machine = "arm64"
	default:
		machine = fmt.Sprintf("ELF machine %d", number)
	}
	if machine != runtime.GOARCH {
		return fmt.Errorf("it is for %s, and this machine is %s", machine, runtime.GOARCH)
	}
	return nil
}

package ready

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

const socketVar = "NOTIFY_SOCKET"

// tellSocket sends one datagram of sd_notify(3) to NOTIFY_SOCKET: a path, or a
// name of the abstract namespace with a leading @. It returns nil when the
// variable is absent or empty.
func tellSocket(assignment string) error {
	address := os.Getenv(socketVar)
	if address == "" {
		return nil
	}
	if err := sendDatagram(address, assignment); err != nil {
		return fmt.Errorf("%s=%s: %w", socketVar, address, err)
	}
	return nil
}

func sendDatagram(address, text string) error {
	// A bare @ would connect to nobody, a relative path to whatever the working
	// directory happens to be.
	if len(address) < 2 || address[0] != '/' && address[0] != '@' {
		return errors.New("want an absolute path or @name")
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Net: "unixgram", Name: address})
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err = conn.Write([]byte(text))
	return err
}

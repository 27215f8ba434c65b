package database

import (
	"context"
	"errors"
	"net"
	"syscall"

	"github.com/go-sql-driver/mysql"
	"golang.org/x/sys/unix"
)

// Reason tells in one word why a query failed, as operators look for it: the name of a
// system error, such as ECONNREFUSED, or of one in MySQL's error reference. It repeats
// nothing of the driver's text, which may name hosts, users or data.
func Reason(err error) string {
	var code syscall.Errno
	var failed *mysql.MySQLError
	var unknown *net.DNSError
	var waited interface{ Timeout() bool }
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "ETIMEDOUT"
	case errors.As(err, &failed):
		return refusal(failed.Number)
	case errors.As(err, &unknown):
		return "ENOTFOUND"
	case errors.As(err, &waited) && waited.Timeout():
		return "ETIMEDOUT"
	case errors.As(err, &code):
		return unix.ErrnoName(code)
	default:
		return "DATABASE_ERROR"
	}
}

// refusal names the numbers of MySQL's error reference that a set-up runs into.
func refusal(number uint16) string {
	switch number {
	case 1040:
		return "ER_CON_COUNT_ERROR"
	case 1044:
		return "ER_DBACCESS_DENIED_ERROR"
	case 1045:
		return "ER_ACCESS_DENIED_ERROR"
	case 1049:
		return "ER_BAD_DB_ERROR"
	case 1146:
		return "ER_NO_SUCH_TABLE"
	default:
		return "DATABASE_ERROR"
	}
}

package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"net"
	"syscall"

	"github.com/go-sql-driver/mysql"
	"golang.org/x/sys/unix"
	sqlitedriver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// other is the reason that has no name of its own.
const other = "DATABASE_ERROR"

// Reason tells in one word why a query failed, as operators look for it: the name of a
// system error, such as ECONNREFUSED, or of one in MySQL's or SQLite's references. It
// repeats nothing of the driver's text, which may name hosts, users or data.
func Reason(err error) string {
	var code syscall.Errno
	var refused *mysql.MySQLError
	var failed *sqlitedriver.Error
	var unknown *net.DNSError
	switch {
	case timedOut(err):
		return "ETIMEDOUT"
	case errors.Is(err, context.Canceled):
		return "ECANCELED"
	case errors.As(err, &refused):
		return refusal(refused.Number)
	case errors.As(err, &failed):
		return failure(failed.Code())
	case errors.As(err, &unknown):
		return "ENOTFOUND"
	case errors.As(err, &code):
		return unix.ErrnoName(code)
	case errors.Is(err, mysql.ErrInvalidConn), errors.Is(err, driver.ErrBadConn):
		return "ECONNRESET"
	default:
		return other
	}
}

func timedOut(err error) bool {
	var waited interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &waited) && waited.Timeout()
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
	case 1054:
		return "ER_BAD_FIELD_ERROR"
	case 1142:
		return "ER_TABLEACCESS_DENIED_ERROR"
	case 1146:
		return "ER_NO_SUCH_TABLE"
	case 1205:
		return "ER_LOCK_WAIT_TIMEOUT"
	case deadlock:
		return "ER_LOCK_DEADLOCK"
	default:
		return other
	}
}

// failure names SQLite's result codes that are about the file and not the statement. The
// low byte is the code, the rest tells more of it.
func failure(code int) string {
	switch code & 0xff {
	case codes.SQLITE_BUSY:
		return "SQLITE_BUSY"
	case codes.SQLITE_READONLY:
		return "SQLITE_READONLY"
	case codes.SQLITE_IOERR:
		return "SQLITE_IOERR"
	case codes.SQLITE_CORRUPT:
		return "SQLITE_CORRUPT"
	case codes.SQLITE_FULL:
		return "SQLITE_FULL"
	case codes.SQLITE_CANTOPEN:
		return "SQLITE_CANTOPEN"
	case codes.SQLITE_NOTADB:
		return "SQLITE_NOTADB"
	default:
		return other
	}
}

package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// mysqlServer is a MySQL or MariaDB server.
type mysqlServer struct{}

// connections is how many the pool holds at most. Who needs one more waits.
const connections = 10

// Numbers of the server's error reference.
const (
	duplicateEntry      = 1062 // ER_DUP_ENTRY
	deadlock            = 1213 // ER_LOCK_DEADLOCK
	mixedCollations     = 1267 // ER_CANT_AGGREGATE_2COLLATIONS
	impossibleCharacter = 3988 // ER_IMPOSSIBLE_STRING_CONVERSION, of MySQL 8 alone
)

func (mysqlServer) name() string { return "mysql" }

// title does not repeat whose user and which host it is.
func (mysqlServer) title(Config) string { return "the database" }

func (mysqlServer) open(cfg Config) (*sql.DB, error) {
	connector, err := mysql.NewConnector(server(cfg))
	if err != nil {
		return nil, fmt.Errorf("set up the connection to DB_HOST: %w", err)
	}
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	// Shorter than the time after which servers and firewalls drop a silent one.
	pool.SetConnMaxIdleTime(3 * time.Minute)
	return pool, nil
}

func server(cfg Config) *mysql.Config {
	c := mysql.NewConfig()
	c.Net, c.Addr = "tcp", net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port))
	c.User, c.Passwd, c.DBName = cfg.User, cfg.Password, cfg.Name
	c.Collation = "utf8mb4_unicode_ci"
	// An update counts the rows it has found, changed or not.
	c.ClientFoundRows = true
	c.ParseTime, c.Loc = true, time.UTC
	// For the CURRENT_TIMESTAMP of the schema's defaults.
	c.Params = map[string]string{"time_zone": "'+00:00'"}
	c.InterpolateParams = true
	c.Timeout, c.ReadTimeout, c.WriteTimeout = 10*time.Second, 10*time.Second, 10*time.Second
	// What it would print arrives as an error too.
	c.Logger = &mysql.NopLogger{}
	return c
}

// onConflict ignores key: the server takes whatever unique key there is.
func (mysqlServer) onConflict(_ string, columns []string) string {
	set := make([]string, len(columns))
	for i, column := range columns {
		set[i] = column + " = VALUES(" + column + ")"
	}
	return "ON DUPLICATE KEY UPDATE " + strings.Join(set, ", ")
}

func (mysqlServer) isDuplicate(err error) bool {
	return isNumber(err, duplicateEntry)
}

func (mysqlServer) isForeignText(err error) bool {
	return isNumber(err, mixedCollations) || isNumber(err, impossibleCharacter)
}

func (mysqlServer) isDeadlock(err error) bool {
	return isNumber(err, deadlock)
}

func isNumber(err error, number uint16) bool {
	var failed *mysql.MySQLError
	return errors.As(err, &failed) && failed.Number == number
}

// migrationLock is its name for GET_LOCK, which belongs to a whole server.
const migrationLock = "CONCAT('central-hub ', MD5(DATABASE()))"

// lock takes a lock of the server's, which ends with the connection.
func (mysqlServer) lock(ctx context.Context, conn *sql.Conn) (func(context.Context) error, error) {
	var got sql.NullInt64
	// The driver waits for 10 s.
	err := conn.QueryRowContext(ctx, "SELECT GET_LOCK("+migrationLock+", ?)", int(lockPatience.Seconds())).Scan(&got)
	if err == nil && got.Int64 != 1 {
		err = errors.New("another instance migrates")
	}
	if err != nil {
		return nil, fmt.Errorf("lock the database for its migration: %w", err)
	}
	return func(ctx context.Context) error {
		return conn.QueryRowContext(ctx, "SELECT RELEASE_LOCK("+migrationLock+")").Scan(&got)
	}, nil
}

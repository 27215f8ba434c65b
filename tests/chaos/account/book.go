package account

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// BooksVar names the variable with the folder of the books.
const BooksVar = "CHAOS_BOOKS"

// Book is the book of this process. Its entries are in the file when a method
// returns, whoever is killed then.
type Book struct {
	Life
	file *os.File
}

// Open begins the book of this process from what hub has put into the
// environment. main is false for a process that the app has started itself.
func Open(main, mixed bool) (*Book, error) {
	role, lengths := "child", "short"
	if main {
		role = "main"
	}
	if mixed {
		lengths = "mixed"
	}
	number := os.Getenv("NODE_APP_INSTANCE")
	entry := strings.Join([]string{
		strconv.Itoa(os.Getpid()), os.Getenv("HUB_INSTANCE"), os.Getenv("pm_id"), os.Getenv("name"), number, role, lengths,
	}, " ")
	b := &Book{Life: Life{Done: make(map[string]int)}}
	if err := b.started(entry); err != nil {
		return nil, fmt.Errorf("environment: %w", err)
	}
	name := fmt.Sprintf("%s-%d-%d", b.UUID, b.Generation, b.PID)
	var err error
	b.file, err = os.OpenFile(filepath.Join(os.Getenv(BooksVar), name), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	return b, b.enter("start " + entry)
}

// Wrote counts a line that was written whole.
func (b *Book) Wrote(stream string) error {
	b.Done[stream]++
	return b.enter(stream + " " + strconv.Itoa(b.Done[stream]))
}

// Ends says how the process is about to end.
func (b *Book) Ends(how Fate) error { return b.enter("end " + how.String()) }

func (b *Book) enter(text string) error {
	_, err := b.file.WriteString(text + "\n")
	return err
}

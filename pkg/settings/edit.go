package settings

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/leadmaster/hub/pkg/store"
	"golang.org/x/sys/unix"
	"gopkg.in/yaml.v3"
)

// Set gives a setting of a home a value. Comments and the order of the file are
// kept, and what was there before lies beside it as hubd.yaml.bak. A file that
// is not right is left alone, and its problems are the error; else the error
// says what is wrong with the value.
func Set(home, name, value string) error {
	if _, err := Lookup(name); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if value == "" {
		return fmt.Errorf("%s: found an empty value; want one, or hubctl unset %s", name, name)
	}
	if err := new(Settings).set(name, value); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return edit(home, func(f *File) bool {
		f.put(name, value)
		return true
	})
}

// Unset takes a setting out of the file of a home, so that its default holds. It
// reports whether there was one.
func Unset(home, name string) (found bool, err error) {
	if _, err := Lookup(name); err != nil {
		return false, fmt.Errorf("%s: %w", name, err)
	}
	err = edit(home, func(f *File) bool {
		found = f.remove(name)
		return found
	})
	return found, err
}

// edit changes the file of a home. Edits take turns.
func edit(home string, change func(*File) (changed bool)) error {
	if err := os.MkdirAll(home, 0o700); err != nil {
		return fmt.Errorf("make HUB_HOME: %w", err)
	}
	unlock, err := lock(home)
	if err != nil {
		return fmt.Errorf("lock the settings: %w", err)
	}
	defer unlock()
	path := Path(home)
	// The file may be a link into a folder of somebody's configuration: it stays
	// one.
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	f, err := readOrEmpty(path)
	if err != nil || !change(f) {
		return err
	}
	text, err := f.text()
	if err != nil {
		return err
	}
	if _, err := parse(path, text); err != nil {
		return fmt.Errorf("the file can't be changed without harm, so edit it by hand: %w", err)
	}
	return store.WriteDurable(path, text)
}

// lock locks the folder, which needs no file of its own.
func lock(home string) (unlock func() error, err error) {
	dir, err := os.Open(home)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(dir.Fd()), unix.LOCK_EX); err != nil {
		return nil, errors.Join(&os.PathError{Op: "flock", Path: home, Err: err}, dir.Close())
	}
	return dir.Close, nil
}

// put gives a setting a value, in its place or at the end.
func (f *File) put(name, value string) {
	n := scalar(value)
	at := f.index(name)
	if at < 0 {
		f.object.Content = append(f.object.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: name}, n)
		return
	}
	old := f.object.Content[at+1]
	n.HeadComment, n.LineComment, n.FootComment = old.HeadComment, old.LineComment, old.FootComment
	f.object.Content[at+1] = n
}

// remove takes a setting out, with the comment above it.
func (f *File) remove(name string) (found bool) {
	at := f.index(name)
	if at < 0 {
		return false
	}
	f.object.Content = slices.Delete(f.object.Content, at, at+2)
	return true
}

// index returns where the key of a setting is in the object, or -1.
func (f *File) index(name string) int {
	for at := 0; at < len(f.object.Content); at += 2 {
		if f.object.Content[at].Value == name {
			return at
		}
	}
	return -1
}

// scalar is a value as YAML writes it: a number plain, and text in quotes where
// it would be read as something else.
func scalar(value string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: value}
	if tag := n.ShortTag(); tag != "!!int" && tag != "!!float" {
		n.Tag = "!!str"
	}
	return n
}

// Text is a value as hubd.yaml holds it, in quotes where it needs them.
func Text(value string) string {
	text, err := yaml.Marshal(scalar(value))
	if err != nil { // can't be: every string can be written
		return strconv.Quote(value)
	}
	return strings.TrimSuffix(string(text), "\n")
}

// text writes the file.
func (f *File) text() ([]byte, error) {
	if len(f.object.Content) == 0 {
		comments := []string{f.document.HeadComment, f.object.HeadComment, f.object.FootComment, f.document.FootComment}
		comments = slices.DeleteFunc(comments, func(c string) bool { return c == "" })
		return []byte(strings.Join(append(comments, ""), "\n")), nil
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := errors.Join(e.Encode(f.document), e.Close()); err != nil {
		return nil, fmt.Errorf("write %s: %w", f.path, err)
	}
	return b.Bytes(), nil
}

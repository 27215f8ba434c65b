package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// replace writes a file by temporary file and rename, without fsync: for state
// that a reboot makes worthless anyway. The temporary file of a writer that was
// killed is the next one's: there is one writer at a time.
func replace(path string, data []byte, mode fs.FileMode) error {
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, data, mode); err != nil {
		return errors.Join(err, ignoreMissing(os.Remove(tmp)))
	}
	if err := os.Rename(tmp, path); err != nil {
		return errors.Join(err, ignoreMissing(os.Remove(tmp)))
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// page is the most that writeInPlace writes, in bytes: the kernel copies a page
// into its cache without looking at signals, so that a killed writer leaves the
// old content or the new.
const page = 4096

// WriteRuntime writes v as JSON, 0600, for state that lives only as long as the
// processes it is about. Whenever the writer is killed, it leaves the old content
// or the new; a power cut may leave neither. It is for whoever comes after the
// writer: a reader beside it may see a mix.
//
// It overwrites the file in place, filled up with blanks. Replacing it by
// rename costs a hundred times as much on ext4, which flushes the new file's
// blocks then (auto_da_alloc, ext4(5)), and records are written three times
// for each restart.
func WriteRuntime(path string, v any) error {
	data, err := json.Marshal(v)
	if err == nil && len(data) >= page {
		err = replace(path, data, 0o600)
	} else if err == nil {
		err = writeInPlace(path, data)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func writeInPlace(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() > page { // left by replace
		return replace(path, data, 0o600)
	}
	var buf [page]byte
	n := copy(buf[:], data)
	for n < int(info.Size()) || n%512 != 0 {
		buf[n] = ' '
		n++
	}
	buf[n-1] = '\n'
	if n == len(data) { // no blank was needed, so there was none to overwrite
		buf[n-1] = data[n-1]
	}
	_, err = f.WriteAt(buf[:n], 0)
	return err
}

// ReadJSON reads a file that WriteRuntime or WriteDurable wrote. A missing file
// is fs.ErrNotExist, and so is an empty one: its writer was killed between
// making and filling it.
func ReadJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if len(data) == 0 {
		return &fs.PathError{Op: "read", Path: path, Err: fs.ErrNotExist}
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// WriteDurable writes data, 0600, so that it outlives a power cut: temporary
// file, fsync, rename, fsync of the folder. What was there before is kept as
// path.bak. When it fails, both are as they were.
func WriteDurable(path string, data []byte) error {
	f, err := renameio.NewPendingFile(path, renameio.WithPermissions(0o600))
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer f.Cleanup() // without effect once the file is in place
	if _, err := f.Write(data); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := keep(path); err != nil {
		return fmt.Errorf("keep the old %s: %w", path, err)
	}
	if err := f.CloseAtomicallyReplace(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return syncDir(filepath.Dir(path))
}

// keep gives the content of path a second name, path.bak: there is no moment
// without path. path may be missing.
func keep(path string) error {
	bak := path + ".bak"
	next := bak + ".new"
	if err := ignoreMissing(os.Remove(next)); err != nil { // left by a crash
		return err
	}
	if err := os.Link(path, next); err != nil {
		return ignoreMissing(err)
	}
	err := os.Rename(next, bak)
	// Where a crash left path and bak as two names of one file, rename(2) does
	// nothing and leaves the third.
	return errors.Join(err, ignoreMissing(os.Remove(next)))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

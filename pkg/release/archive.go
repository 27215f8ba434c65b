package release

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Programs are what belongs together, in one folder.
var Programs = [...]string{"hubctl", "hubd", "hub-keeper"}

// An archive that has more is none of ours; it would fill the disk.
const (
	maxArchive = 256 << 20 // bytes, compressed
	maxContent = 512 << 20 // bytes, of all files
	maxProgram = 128 << 20 // bytes; a sparse file has more than the archive
)

// Unpack writes the programs of an archive into dir, which is the caller's own,
// if the archive's SHA-256 is sum. The archive is copied into dir first, so what is
// unpacked is what was checked, whoever may write to the file.
func Unpack(archive, sum, dir string) error {
	part, err := fetch(archive, sum, filepath.Join(dir, "archive"))
	if err != nil {
		return err
	}
	defer part.Close()
	defer os.Remove(part.Name())
	unzipped, err := gzip.NewReader(part)
	if err != nil {
		return fmt.Errorf("%s: %w", archive, err)
	}
	into := func(name string, from io.Reader) error { return writeProgram(from, filepath.Join(dir, name)) }
	if err := extract(tar.NewReader(io.LimitReader(unzipped, maxContent)), into); err != nil {
		return fmt.Errorf("%s: %w", archive, err)
	}
	return nil
}

// openRegular opens a file to read. A pipe would block at its opening.
func openRegular(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// fetch copies an archive and compares its checksum. The copy is to be read from
// its start.
func fetch(archive, sum, to string) (*os.File, error) {
	in, err := openRegular(archive)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, hash), io.LimitReader(in, maxArchive+1))
	switch got := hex.EncodeToString(hash.Sum(nil)); {
	case err != nil:
		err = fmt.Errorf("copy the archive: %w", err)
	case n > maxArchive:
		err = fmt.Errorf("%s has more than %d MiB", archive, maxArchive>>20)
	case got != sum:
		err = fmt.Errorf("%s is not what was published: its SHA-256 is %s, want %s", archive, got, sum)
	default:
		_, err = out.Seek(0, io.SeekStart)
	}
	if err != nil {
		out.Close()
		return nil, err
	}
	return out, nil
}

// extract calls into with each program and passes over other files.
func extract(archive *tar.Reader, into func(name string, from io.Reader) error) error {
	missing := slices.Clone(Programs[:])
	for {
		head, err := archive.Next()
		switch {
		case errors.Is(err, io.EOF) && len(missing) > 0:
			return fmt.Errorf("it lacks %s: want an archive of hub, as make dist makes it", strings.Join(missing, ", "))
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			// Not wrapped: "unexpected EOF" of a connection means something else to callers.
			return fmt.Errorf("read the archive: %v", err)
		}
		name, err := program(head)
		if err != nil {
			return err
		}
		if name == "" {
			continue
		}
		if !slices.Contains(missing, name) {
			return fmt.Errorf("it has %s twice", name)
		}
		missing = slices.DeleteFunc(missing, func(other string) bool { return other == name })
		if err := into(name, archive); err != nil {
			return err
		}
	}
}

// program returns the program that an entry is, or "". Programs lie in the folder
// bin of the archive's one folder. What no tarball of hub has is an error: neither
// links nor names that lead elsewhere are in one.
func program(head *tar.Header) (string, error) {
	if !filepath.IsLocal(head.Name) {
		return "", fmt.Errorf("its entry %q leads out of the folder", head.Name)
	}
	if head.Typeflag != tar.TypeReg && head.Typeflag != tar.TypeDir {
		return "", fmt.Errorf("its entry %q is neither a file nor a folder", head.Name)
	}
	if head.Size > maxProgram {
		return "", fmt.Errorf("its entry %q has more than %d MiB", head.Name, maxProgram>>20)
	}
	parts := strings.Split(head.Name, "/")
	if head.Typeflag == tar.TypeDir || len(parts) != 3 || parts[1] != "bin" || !slices.Contains(Programs[:], parts[2]) {
		return "", nil
	}
	return parts[2], nil
}

func writeProgram(from io.Reader, path string) error {
	var start [machineEnd]byte
	if _, err := io.ReadFull(from, start[:]); err != nil {
		return fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	if err := runsHere(start); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, io.MultiReader(bytes.NewReader(start[:]), from))
	if err == nil {
		err = f.Chmod(0o755) // whatever umask says
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %v", filepath.Base(path), err) // as above
	}
	return nil
}

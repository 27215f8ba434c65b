package store

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// PutContent stores v in specs/, under a hash of its JSON, and returns the hash.
// What is put several times is stored once; it stays until ReleaseContent was
// called as often. Specs and environments are shared by many instances.
func (h *Home) PutContent(v any) (string, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("store content: %w", err)
	}
	hash := hashOf(data)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.content[hash] == 0 && !h.holds(hash, data) {
		// No temporary file: no record refers to it yet.
		if err := os.WriteFile(h.contentPath(hash), data, 0o600); err != nil {
			return "", fmt.Errorf("store content: %w", err)
		}
	}
	h.content[hash]++
	return hash, nil
}

// holds reports whether the content is there already, from an earlier daemon: what
// records refer to is not written again, since a writer may be killed.
func (h *Home) holds(hash string, data []byte) bool {
	there, err := os.ReadFile(h.contentPath(hash))
	return err == nil && bytes.Equal(there, data)
}

// ReleaseContent takes back one PutContent; the last one removes the content,
// which may hold secrets.
func (h *Home) ReleaseContent(hash string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.content[hash]--; h.content[hash] > 0 {
		return nil
	}
	delete(h.content, hash)
	return ignoreMissing(os.Remove(h.contentPath(hash)))
}

// GetContent reads what PutContent stored.
func (h *Home) GetContent(hash string, v any) error {
	data, err := os.ReadFile(h.contentPath(hash))
	if err != nil {
		return err
	}
	if hashOf(data) != hash {
		return fmt.Errorf("read %s: content does not fit its hash", h.contentPath(hash))
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("read %s: %w", h.contentPath(hash), err)
	}
	return nil
}

// hashOf names content. Nobody gains by making two that collide: only the
// daemon's own user can write here. A cryptographic hash would link, and check
// at each start, a good part of Go's crypto packages.
func hashOf(data []byte) string {
	h := fnv.New128a()
	_, _ = h.Write(data) // never fails (hash.Hash)
	return hex.EncodeToString(h.Sum(nil))
}

// DropContent removes content that nobody has put since the home was opened:
// what an earlier daemon left.
func (h *Home) DropContent() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	entries, err := os.ReadDir(h.path("specs"))
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if h.content[strings.TrimSuffix(e.Name(), ".json")] == 0 {
			errs = append(errs, ignoreMissing(os.Remove(filepath.Join(h.path("specs"), e.Name()))))
		}
	}
	return errors.Join(errs...)
}

func (h *Home) contentPath(hash string) string {
	return filepath.Join(h.path("specs"), hash+".json")
}

// WriteRecord stores the record of an instance, RemoveRecord removes it.
func (h *Home) WriteRecord(uuid string, record any) error {
	return WriteRuntime(h.recordPath(uuid), record)
}

// RemoveRecord removes the record of an instance; it may be missing.
func (h *Home) RemoveRecord(uuid string) error {
	return ignoreMissing(os.Remove(h.recordPath(uuid)))
}

// Records calls each with the uuid and the file of every record.
func (h *Home) Records(each func(uuid, path string)) error {
	entries, err := os.ReadDir(h.RunDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if uuid, ok := strings.CutSuffix(e.Name(), ".json"); ok {
			each(uuid, filepath.Join(h.RunDir(), e.Name()))
		}
	}
	return nil
}

func (h *Home) recordPath(uuid string) string {
	return filepath.Join(h.RunDir(), uuid+".json")
}

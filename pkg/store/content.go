package store

import (
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

// PutContent stores v once in specs/, under a hash of its JSON, and returns the
// hash. Specs and environments are shared by many instances and launches.
func (h *Home) PutContent(v any) (string, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("store content: %w", err)
	}
	hash := hashOf(data)
	path := h.contentPath(hash)
	if info, err := os.Stat(path); err == nil && info.Size() == int64(len(data)) {
		return hash, nil
	}
	// No temporary file: a half-written one has the wrong size here and the
	// wrong hash in GetContent.
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return "", fmt.Errorf("store content: %w", err)
	}
	return hash, nil
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

// KeepContent removes all stored content but that of the given hashes.
func (h *Home) KeepContent(hashes map[string]bool) error {
	entries, err := os.ReadDir(h.path("specs"))
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if !hashes[strings.TrimSuffix(e.Name(), ".json")] {
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

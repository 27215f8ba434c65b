package store

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestContent(t *testing.T) {
	t.Parallel()
	h := openHome(t)
	vars := []string{"PATH=/bin", "HOME=/root"}
	hash, err := h.PutContent(vars)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := h.PutContent(slices.Clone(vars)); again != hash || err != nil {
		t.Errorf("the same content is %s and %s (%v)", hash, again, err)
	}
	if other, err := h.PutContent(vars[:1]); other == hash || err != nil {
		t.Errorf("other content has the same hash (%v)", err)
	}
	var got []string
	if err := h.GetContent(hash, &got); err != nil || !slices.Equal(got, vars) {
		t.Errorf("got %v: %v", got, err)
	}
	// It was put twice, so it stays when it is released once.
	for _, left := range []int{2, 1} {
		if err := h.ReleaseContent(hash); err != nil {
			t.Fatal(err)
		}
		if names := list(t, h.path("specs")); len(names) != left {
			t.Errorf("kept %v, want %d", names, left)
		}
	}
}

func TestDropContent(t *testing.T) {
	t.Parallel()
	h := openHome(t)
	if _, err := h.PutContent("of an earlier daemon"); err != nil {
		t.Fatal(err)
	}
	again, err := OpenHome(h.Dir)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := again.PutContent("in use")
	if err != nil {
		t.Fatal(err)
	}
	if err := again.DropContent(); err != nil {
		t.Fatal(err)
	}
	if names := list(t, h.path("specs")); !slices.Equal(names, []string{hash + ".json"}) {
		t.Errorf("kept %v", names)
	}
}

func TestContentDamaged(t *testing.T) {
	t.Parallel()
	h := openHome(t)
	hash, err := h.PutContent("a spec")
	if err != nil {
		t.Fatal(err)
	}
	var got string
	for name, damaged := range map[string]string{"changed": `"a spek"`, "cut": `"a sp`, "empty": ""} {
		if err := os.WriteFile(h.contentPath(hash), []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := h.GetContent(hash, &got); err == nil || !strings.Contains(err.Error(), "does not fit its hash") {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A write that was cut short is made good by the next one.
	if err := os.Truncate(h.contentPath(hash), 3); err != nil {
		t.Fatal(err)
	}
	if h, err = OpenHome(h.Dir); err != nil {
		t.Fatal(err)
	}
	if _, err := h.PutContent("a spec"); err != nil {
		t.Fatal(err)
	}
	if err := h.GetContent(hash, &got); err != nil || got != "a spec" {
		t.Errorf("got %q: %v", got, err)
	}
	if err := h.GetContent("0123", &got); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing content: %v", err)
	}
}

func TestRecords(t *testing.T) {
	t.Parallel()
	h := openHome(t)
	for _, uuid := range []string{"a", "b", "c"} {
		if err := h.WriteRecord(uuid, contentOf(len(uuid))); err != nil {
			t.Fatal(err)
		}
	}
	// Notify sockets lie beside the records.
	if err := os.WriteFile(h.path("run/a.notify"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it is missing
		if err := h.RemoveRecord("b"); err != nil {
			t.Fatal(err)
		}
	}
	found := make(map[string]string)
	if err := h.Records(func(uuid, path string) { found[uuid] = path }); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"a": h.path("run/a.json"), "c": h.path("run/c.json")}
	if !maps.Equal(found, want) {
		t.Errorf("found %v", found)
	}
}

// What an earlier daemon has stored is not written again: a writer that is killed
// would leave its record without it.
func TestContentIsNotWrittenAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put := func() string {
		h, err := OpenHome(dir)
		if err != nil {
			t.Fatal(err)
		}
		hash, err := h.PutContent("something")
		if err != nil {
			t.Fatal(err)
		}
		return h.contentPath(hash)
	}
	path := put()
	long := time.Now().Add(-time.Hour).Truncate(time.Second)
	if err := os.Chtimes(path, long, long); err != nil {
		t.Fatal(err)
	}
	put()
	if info, err := os.Stat(path); err != nil || !info.ModTime().Equal(long) {
		t.Errorf("written again: %v, %v", info.ModTime(), err)
	}
	if err := os.WriteFile(path, []byte("torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	put()
	if data, err := os.ReadFile(path); err != nil || string(data) != `"something"` {
		t.Errorf("%q, %v", data, err)
	}
}

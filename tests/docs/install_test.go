package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
)

// TestInstallVersion looks for files of another version than the one that the
// sources make.
func TestInstallVersion(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(root, "docs", "install.md"))
	if err != nil {
		t.Fatal(err)
	}
	files := regexp.MustCompile(`hubd?_([0-9.]+)_(?:linux_)?amd64`).FindAllStringSubmatch(string(page), -1)
	if len(files) < 5 {
		t.Fatalf("docs/install.md names only %d files of a release", len(files))
	}
	for _, file := range files {
		if file[1] != api.Version {
			t.Errorf("docs/install.md names %s, and this is version %s", file[0], api.Version)
		}
	}
}

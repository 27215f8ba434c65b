package spec

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
)

// noVersion is what PM2 shows for an app without package.json.
const noVersion = "N/A"

// packageVersion returns the version in the nearest package.json in dir or
// above, or noVersion.
func packageVersion(dir string) string {
	for {
		f, err := os.Open(filepath.Join(dir, "package.json"))
		if err == nil {
			defer f.Close()
			return readVersion(f)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return noVersion
		}
		dir = parent
	}
}

func readVersion(r io.Reader) string {
	var pkg struct {
		Version string `json:"version"`
	}
	if err := json.NewDecoder(io.LimitReader(r, MaxFileSize)).Decode(&pkg); err != nil || pkg.Version == "" {
		return noVersion
	}
	return pkg.Version
}

package proc

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Lookup finds a program as execvp(3) would, but in the given PATH and working
// directory instead of this process's own: a name with a slash is taken as it
// is, another is looked for in each folder of path.
func Lookup(name, path, dir string) (string, error) {
	if strings.Contains(name, "/") {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		return name, nil
	}
	for _, folder := range filepath.SplitList(path) {
		if folder == "" {
			folder = "." // an empty entry is the working directory
		}
		if !filepath.IsAbs(folder) {
			folder = filepath.Join(dir, folder)
		}
		file := filepath.Join(folder, name)
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return file, nil
		}
	}
	return "", fmt.Errorf("%s is not in PATH (%s)", name, path)
}

package spec

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// MaxFileSize is the largest ecosystem file that is read, in bytes.
const MaxFileSize = 1 << 20

// File is an ecosystem file as it was written.
type File struct {
	// Path is absolute; relative paths in the file count from its folder.
	Path string
	// Apps in the order of the file.
	Apps []App

	report report
}

// IsConfigFile reports whether name is an ecosystem file by its suffix, rather
// than a script or the name of an app. That includes the JavaScript forms,
// which Load refuses.
func IsConfigFile(name string) bool {
	return isYAML(name) || isJSON(name) || isJavaScript(name)
}

func isYAML(name string) bool { return hasSuffix(name, ".yml", ".yaml") }
func isJSON(name string) bool { return hasSuffix(name, ".json") }
func isJavaScript(name string) bool {
	return hasSuffix(name, ".config.js", ".config.cjs", ".config.mjs")
}

func hasSuffix(name string, suffixes ...string) bool {
	for _, suffix := range suffixes {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// Load reads the ecosystem file at path. The error is an *fs.PathError, or
// Problems if the text can't be read as YAML or JSON. Wrong keys and values are
// kept for Resolve, which reports them together with all others.
func Load(path string) (*File, error) {
	if isJavaScript(path) {
		return nil, unsupported(path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the ecosystem file: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read the ecosystem file: %w", err)
	}
	return Parse(path, data)
}

// Parse is Load for a text that was read already; path tells the format and
// where relative paths count from.
func Parse(path string, data []byte) (*File, error) {
	read := parseYAML
	switch {
	case isJSON(path):
		read = parseJSON
	case !isYAML(path):
		return nil, unsupported(path)
	}
	if len(data) > MaxFileSize {
		return nil, Problems{{File: path, Message: fmt.Sprintf("is larger than %s; want an ecosystem file", Size(MaxFileSize))}}
	}
	doc, err := read(data)
	if syntax, ok := errors.AsType[*syntaxError](err); ok {
		return nil, Problems{{File: path, Line: syntax.line, Message: syntax.message}}
	}
	if err != nil {
		return nil, err
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("cannot find the folder of %s: %w", path, err)
	}
	f := &File{Path: absolute, report: report{file: path}}
	f.duplicates(doc)
	f.read(doc.root)
	return f, nil
}

func unsupported(path string) error {
	message := "want a file that ends in .yaml, .yml or .json"
	if isJavaScript(path) {
		message = "JavaScript files come in a later release of hub; write the apps as .yaml or .json for now"
	}
	return Problems{{File: path, Message: message}}
}

// Strict returns the unknown keys of the file as Problems, or nil if it has
// none.
func (f *File) Strict() error {
	if len(f.report.unknown) == 0 {
		return nil
	}
	return inOrder(f.report.unknown)
}

// duplicates reports keys that stand twice in one object. YAML forbids them; in
// JavaScript, and so in PM2's JSON, the last one counts.
func (f *File) duplicates(doc *document) {
	for _, d := range doc.duplicates {
		p := Problem{Line: d.line, Key: d.key, Message: fmt.Sprintf("is there twice in one object, first on line %d", d.first)}
		if isJSON(f.Path) {
			p.Message += "; the last one counts"
			f.report.warn(p)
		} else {
			f.report.fail(p)
		}
	}
}

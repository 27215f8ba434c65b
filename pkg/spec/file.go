package spec

import (
	"bytes"
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
	// Path is absolute, and empty for a text that is no file; relative paths
	// count from its folder, or from the caller's.
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
	if !isYAML(path) && !isJSON(path) {
		return nil, unsupported(path)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("cannot find the folder of %s: %w", path, err)
	}
	return parse(&File{Path: absolute, report: report{file: path}}, data, isJSON(path))
}

// ParseStream is Parse for a text that is no file, such as standard input; name
// is what messages call it. A bracket, a brace or a comment of JavaScript at its
// beginning makes it JSON. Its apps remember no file.
func ParseStream(name string, data []byte) (*File, error) {
	begin := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))
	json := len(begin) > 0 && strings.IndexByte("[{/", begin[0]) >= 0
	return parse(&File{report: report{file: name}}, data, json)
}

// parse fills in f, whose report names the text.
func parse(f *File, data []byte, json bool) (*File, error) {
	name, read := f.report.file, parseYAML
	if json {
		read = parseJSON
	}
	if len(data) > MaxFileSize {
		return nil, Problems{{File: name, Message: fmt.Sprintf("is larger than %s; want an ecosystem file", Size(MaxFileSize))}}
	}
	doc, err := read(data)
	if syntax, ok := errors.AsType[*syntaxError](err); ok {
		return nil, Problems{{File: name, Line: syntax.line, Message: syntax.message}}
	}
	if err != nil {
		return nil, err
	}
	f.duplicates(doc, json)
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
func (f *File) duplicates(doc *document, json bool) {
	for _, d := range doc.duplicates {
		p := Problem{Line: d.line, Key: d.key, Message: fmt.Sprintf("is there twice in one object, first on line %d", d.first)}
		if json {
			p.Message += "; the last one counts"
			f.report.warn(p)
		} else {
			f.report.fail(p)
		}
	}
}

package settings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/leadmaster/hub/pkg/spec"
	"gopkg.in/yaml.v3"
)

// File is a hubd.yaml that was read and is right.
type File struct {
	path     string
	document *yaml.Node
	object   *yaml.Node // of document: keys and values, in turns
	settings Settings
	values   map[string]string // as written
}

// Value returns what the file says about a setting.
func (f *File) Value(name string) (text string, given bool) {
	text, given = f.values[name]
	return text, given
}

// Count returns how many settings the file gives.
func (f *File) Count() int { return len(f.values) }

// parse reads a text; path is for messages.
func parse(path string, data []byte) (*File, error) {
	f := &File{path: path, settings: Settings{MemoryInterval: DefaultMemoryInterval}, values: make(map[string]string)}
	if len(data) > spec.MaxFileSize {
		return nil, f.problem(0, "", fmt.Sprintf("is larger than %s; want the settings of hubd", spec.Size(spec.MaxFileSize)))
	}
	var err error
	if f.document, err = spec.ParseYAML(path, data); err != nil {
		return nil, err
	}
	if f.document == nil { // nothing, or only comments
		f.document = &yaml.Node{Kind: yaml.DocumentNode, HeadComment: strings.TrimSpace(string(data)), Content: []*yaml.Node{{Kind: yaml.MappingNode}}}
	}
	f.object = f.document.Content[0]
	if f.object.ShortTag() == "!!null" {
		*f.object = yaml.Node{Kind: yaml.MappingNode, HeadComment: f.object.HeadComment, FootComment: f.object.FootComment}
	}
	if f.object.Kind != yaml.MappingNode {
		return nil, f.problem(f.object.Line, "", "found "+kindOf(f.object)+"; want lines of the form KEY: VALUE")
	}
	if problems := f.check(); len(problems) > 0 {
		return nil, problems
	}
	return f, nil
}

// check reads all settings and returns what is wrong with them.
func (f *File) check() (problems spec.Problems) {
	lines := make(map[string]int)
	for pair := range slices.Chunk(f.object.Content, 2) {
		key, value := pair[0], resolved(pair[1])
		if first, twice := lines[key.Value]; twice {
			problems = append(problems, f.problem(key.Line, key.Value, fmt.Sprintf("is there twice, first on line %d", first))...)
			continue
		}
		lines[key.Value] = key.Line
		if err := f.one(key, value); err != nil {
			problems = append(problems, f.problem(key.Line, key.Value, err.Error())...)
		}
	}
	return problems
}

// one reads one setting.
func (f *File) one(key, value *yaml.Node) error {
	if _, err := Lookup(key.Value); err != nil {
		return err
	}
	switch {
	case value.Kind != yaml.ScalarNode:
		return fmt.Errorf("found %s; want one value", kindOf(value))
	case value.ShortTag() == "!!null" || value.Value == "":
		return nil // counts as not given, as in ecosystem files
	}
	f.values[key.Value] = value.Value
	return f.settings.set(key.Value, value.Value)
}

func (f *File) problem(line int, key, message string) spec.Problems {
	return spec.Problems{{File: f.path, Line: line, Key: key, Message: message}}
}

// resolved returns what an alias stands for.
func resolved(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// kindOf names what was found.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "an object"
	}
	return fmt.Sprintf("%.80q", n.Value)
}

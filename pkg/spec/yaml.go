package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

const (
	// maxDepth is how deep lists and objects may nest.
	maxDepth = 100
	// maxExpanded bounds the bytes that a file takes after aliases and merges
	// are expanded, so that an alias bomb is an error.
	maxExpanded = 8 << 20
	// valueCost is what a value costs besides its text.
	valueCost = 64
)

// parseYAML reads one YAML document.
func parseYAML(data []byte) (*document, error) {
	root, err := oneYAML(data)
	if err != nil {
		return nil, err
	}
	if root == nil {
		return &document{root: &value{line: 1}}, nil
	}
	b := yamlBuilder{doc: &document{}, budget: maxExpanded}
	top, err := b.build(root, 0)
	if err != nil {
		return nil, err
	}
	b.doc.root = top
	return b.doc, nil
}

// oneYAML returns the document of a text with at most one, or nil. The error is
// a *syntaxError.
func oneYAML(data []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var root yaml.Node
	if err := decoder.Decode(&root); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, yamlSyntax(err)
	}
	var second yaml.Node
	if err := decoder.Decode(&second); err == nil {
		return nil, &syntaxError{second.Line, "a second YAML document begins; want one document with everything"}
	} else if !errors.Is(err, io.EOF) {
		return nil, yamlSyntax(err)
	}
	return &root, nil
}

// ParseYAML returns the document of another YAML file of hub's, or nil if the
// text has none. The error is Problems of the file.
func ParseYAML(file string, data []byte) (*yaml.Node, error) {
	root, err := oneYAML(data)
	if syntax, ok := errors.AsType[*syntaxError](err); ok {
		return nil, Problems{{File: file, Line: syntax.line, Message: syntax.message}}
	}
	return root, err
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)

// yamlSyntax turns the library's text into a line and a message.
func yamlSyntax(err error) error {
	match := yamlLine.FindStringSubmatch(err.Error())
	if match == nil {
		return &syntaxError{0, err.Error()}
	}
	line, _ := strconv.Atoi(match[1])
	message := match[2]
	switch {
	case line == 0:
		line = 1 // the library leaves the first line out
	case isParserError(message):
		line++ // the library counts these from 0
	}
	if strings.Contains(message, "cannot start any token") {
		message += "; YAML is indented with spaces, not tabs, and values that begin with @, ` or % need quotes"
	}
	return &syntaxError{line, "not valid YAML: " + message}
}

// isParserError tells errors of yaml.v3's parser, whose lines count from 0,
// from those of its scanner, which count from 1.
func isParserError(message string) bool {
	for _, end := range []string{"node content", "expected key", "'-' indicator", "or ']'", "or '}'", "<document start>"} {
		if strings.HasSuffix(message, end) {
			return true
		}
	}
	return false
}

// yamlBuilder turns nodes into values; aliases are expanded within the budget.
type yamlBuilder struct {
	doc    *document
	budget int
}

func (b *yamlBuilder) build(n *yaml.Node, depth int) (*value, error) {
	b.budget -= valueCost + len(n.Value)
	switch {
	case b.budget < 0:
		return nil, &syntaxError{n.Line, fmt.Sprintf("the file is larger than %d MiB once its aliases are expanded", maxExpanded>>20)}
	case depth > maxDepth:
		return nil, &syntaxError{n.Line, fmt.Sprintf("nested deeper than %d levels, or an alias inside its own anchor", maxDepth)}
	}
	switch n.Kind {
	case yaml.DocumentNode:
		return b.build(n.Content[0], depth+1)
	case yaml.AliasNode:
		return b.build(n.Alias, depth+1)
	case yaml.SequenceNode:
		return b.list(n, depth)
	case yaml.MappingNode:
		return b.object(n, depth)
	default:
		return scalar(n)
	}
}

func (b *yamlBuilder) list(n *yaml.Node, depth int) (*value, error) {
	v := &value{kind: list, line: n.Line}
	for _, item := range n.Content {
		built, err := b.build(item, depth+1)
		if err != nil {
			return nil, err
		}
		v.items = append(v.items, built)
	}
	return v, nil
}

func (b *yamlBuilder) object(n *yaml.Node, depth int) (*value, error) {
	out := newObject(b.doc, n.Line)
	var merged []*value
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, err := b.build(n.Content[i], depth+1)
		if err != nil {
			return nil, err
		}
		if key.kind == list || key.kind == object {
			return nil, &syntaxError{key.line, "found " + key.kind.String() + " as a key; want a plain word"}
		}
		v, err := b.build(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		if n.Content[i].ShortTag() == "!!merge" {
			merged = append(merged, v)
			continue
		}
		out.add(field{key.text, n.Content[i].Line, v})
	}
	for _, from := range merged {
		if err := merge(out, from); err != nil {
			return nil, err
		}
	}
	return out.object, nil
}

// merge applies one "<<" entry: what the object has itself wins, then the
// earlier source (yaml.org/type/merge.html).
func merge(into *objectBuilder, from *value) error {
	sources := []*value{from}
	if from.kind == list {
		sources = from.items
	}
	for _, source := range sources {
		if source.kind != object {
			return &syntaxError{source.line, "found " + source.describe() + " to merge with <<; want an alias of an object"}
		}
		into.addMissing(source)
	}
	return nil
}

func scalar(n *yaml.Node) (*value, error) {
	v := &value{line: n.Line, text: n.Value}
	switch tag := n.ShortTag(); tag {
	case "!!null":
		v.kind = null
	case "!!bool":
		v.kind, v.text = boolean, strings.ToLower(n.Value)
	case "!!int", "!!float":
		v.kind = number
	case "!!str", "!!timestamp", "!!merge":
		v.kind = text
	default:
		return nil, &syntaxError{n.Line, "found the tag " + quoted(tag) + "; want a plain value"}
	}
	return v, nil
}

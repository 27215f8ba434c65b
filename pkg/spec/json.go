package spec

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// parseJSON reads the dialect that PM2 accepts as JSON because it evaluates the
// file as JavaScript: comments, trailing commas, unquoted keys, single and back
// quotes, hexadecimal numbers. Expressions are errors.
func parseJSON(data []byte) (*document, error) {
	source := strings.TrimPrefix(string(data), "\ufeff")
	if !utf8.ValidString(source) {
		return nil, &syntaxError{0, "not valid UTF-8"}
	}
	p := jsonParser{doc: &document{root: &value{line: 1}}, rest: source, line: 1}
	if err := p.space(); err != nil || p.rest == "" {
		return p.doc, err
	}
	root, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if err := p.space(); err != nil {
		return nil, err
	}
	if p.rest != "" {
		return nil, p.expected("the end of the file")
	}
	p.doc.root = root
	return p.doc, nil
}

// jsonParser is a recursive descent over rest; line is that of its first byte.
type jsonParser struct {
	doc  *document
	rest string
	line int
}

// expected returns the error for what stands at the parser's place.
func (p *jsonParser) expected(want string) error {
	found := "the end of the file"
	if word, _ := p.peekWord(); word != "" {
		found = quoted(word)
	} else if p.rest != "" {
		r, _ := utf8.DecodeRuneInString(p.rest)
		found = quoted(string(r))
	}
	return &syntaxError{p.line, fmt.Sprintf("not valid JSON: found %s; want %s", found, want)}
}

// skip consumes n bytes and counts their lines.
func (p *jsonParser) skip(n int) {
	p.line += strings.Count(p.rest[:n], "\n")
	p.rest = p.rest[n:]
}

// take consumes token if it comes next.
func (p *jsonParser) take(token string) bool {
	if !strings.HasPrefix(p.rest, token) {
		return false
	}
	p.skip(len(token))
	return true
}

// space skips white space and comments.
func (p *jsonParser) space() error {
	for {
		p.skip(len(p.rest) - len(strings.TrimLeftFunc(p.rest, unicode.IsSpace)))
		switch {
		case strings.HasPrefix(p.rest, "//"):
			end := strings.IndexByte(p.rest, '\n')
			if end < 0 {
				end = len(p.rest)
			}
			p.skip(end)
		case strings.HasPrefix(p.rest, "/*"):
			end := strings.Index(p.rest[2:], "*/")
			if end < 0 {
				return &syntaxError{p.line, "not valid JSON: the comment that begins here has no */"}
			}
			p.skip(end + 4)
		default:
			return nil
		}
	}
}

func (p *jsonParser) value(depth int) (*value, error) {
	if depth > maxDepth {
		return nil, &syntaxError{p.line, fmt.Sprintf("nested deeper than %d levels", maxDepth)}
	}
	if p.rest == "" {
		return nil, p.expected("a value")
	}
	switch c := p.rest[0]; {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.list(depth)
	case c == '"' || c == '\'' || c == '`':
		line := p.line
		s, err := p.str()
		return &value{kind: text, line: line, text: s}, err
	default:
		return p.word()
	}
}

func (p *jsonParser) list(depth int) (*value, error) {
	v := &value{kind: list, line: p.line}
	p.skip(1)
	for {
		if err := p.space(); err != nil {
			return nil, err
		}
		if p.take("]") {
			return v, nil
		}
		item, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		v.items = append(v.items, item)
		if err := p.separator("]"); err != nil {
			return nil, err
		}
	}
}

// separator consumes a comma, or leaves the closing bracket in its place.
func (p *jsonParser) separator(closing string) error {
	if err := p.space(); err != nil {
		return err
	}
	if p.take(",") || strings.HasPrefix(p.rest, closing) {
		return nil
	}
	return p.expected(`"," or "` + closing + `"`)
}

func (p *jsonParser) object(depth int) (*value, error) {
	out := newObject(p.doc, p.line)
	p.skip(1)
	for {
		if err := p.space(); err != nil {
			return nil, err
		}
		if p.take("}") {
			return out.object, nil
		}
		f, err := p.field(depth)
		if err != nil {
			return nil, err
		}
		out.add(f)
		if err := p.separator("}"); err != nil {
			return nil, err
		}
	}
}

func (p *jsonParser) field(depth int) (field, error) {
	f := field{line: p.line}
	var err error
	if f.key, err = p.key(); err != nil {
		return f, err
	}
	if err := p.space(); err != nil {
		return f, err
	}
	if !p.take(":") {
		return f, p.expected(`":" after the key ` + quoted(f.key))
	}
	if err := p.space(); err != nil {
		return f, err
	}
	f.value, err = p.value(depth + 1)
	return f, err
}

func (p *jsonParser) key() (string, error) {
	if p.rest != "" && (p.rest[0] == '"' || p.rest[0] == '\'') {
		return p.str()
	}
	word, plain := p.peekWord()
	if !plain {
		return "", p.expected("a key")
	}
	p.skip(len(word))
	return word, nil
}

// peekWord returns the run of characters that an identifier or number is made
// of; plain reports that it can be a key without quotes.
func (p *jsonParser) peekWord() (word string, plain bool) {
	end := strings.IndexFunc(p.rest, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_$.+-", r)
	})
	if end < 0 {
		end = len(p.rest)
	}
	word = p.rest[:end]
	return word, word != "" && !strings.ContainsAny(word, ".+-")
}

// word reads true, false, null, undefined or a number.
func (p *jsonParser) word() (*value, error) {
	word, _ := p.peekWord()
	v := &value{line: p.line, text: word}
	switch {
	case word == "true" || word == "false":
		v.kind = boolean
	case word == "null":
		v.kind = null
	case word == "undefined":
		v.kind, v.text = null, ""
	case isNumber(word):
		v.kind, v.text = number, strings.TrimPrefix(word, "+")
	default:
		return nil, p.expected("a value (a .json file is read as data: no variables and no expressions)")
	}
	p.skip(len(word))
	return v, nil
}

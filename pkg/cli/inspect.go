package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The defaults of Node's util.inspect (nodejs.org/api/util.html).
const (
	inspectLine    = 80 // breakLength
	inspectCompact = 3  // compact: how many inner levels may share a line
	inspectString  = 16 // shorter strings are never broken
)

// inspect writes a JSON text in the notation of Node's util.inspect, in which
// PM2 prints its list and scripts search it: unlimited depth, keys in the order
// of the text.
func inspect(text []byte) (string, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	n := inspector{dec: dec}
	return n.value(0)
}

// inspector formats values as it reads them.
type inspector struct {
	dec    *json.Decoder
	indent int // of the value under way, in columns
	// deepest is the level of the list or object that was begun last, empty ones
	// left out: what has few levels inside may stand on one line.
	deepest int
}

// value formats the next value, which lies level objects deep.
func (n *inspector) value(level int) (string, error) {
	token, err := n.dec.Token()
	if err != nil {
		return "", fmt.Errorf("read the list: %w", err)
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '[' {
			return n.list(level)
		}
		return n.object(level)
	case string:
		return n.text(t), nil
	case nil:
		return "null", nil
	}
	return fmt.Sprint(token), nil
}

func (n *inspector) list(level int) (string, error) {
	if n.dec.More() {
		n.deepest = level
	}
	var entries []string
	numbers := true
	for n.dec.More() {
		n.indent += 2
		entry, err := n.value(level + 1)
		n.indent -= 2
		if err != nil {
			return "", err
		}
		numbers = numbers && isJSONNumber(entry)
		entries = append(entries, entry)
	}
	if _, err := n.dec.Token(); err != nil {
		return "", fmt.Errorf("read the list: %w", err)
	}
	grouped := entries
	if len(entries) > 6 {
		grouped = inColumns(entries, n.indent, numbers)
	}
	return n.join(level, grouped, len(grouped) == len(entries), '[', ']'), nil
}

func (n *inspector) object(level int) (string, error) {
	if n.dec.More() {
		n.deepest = level
	}
	var entries []string
	for n.dec.More() {
		token, err := n.dec.Token()
		if err != nil {
			return "", fmt.Errorf("read the list: %w", err)
		}
		key, ok := token.(string)
		if !ok {
			return "", fmt.Errorf("read the list: found %v; want a key", token)
		}
		n.indent += 2
		entry, err := n.value(level + 1)
		n.indent -= 2
		if err != nil {
			return "", err
		}
		entries = append(entries, inspectKey(key)+": "+entry)
	}
	if _, err := n.dec.Token(); err != nil {
		return "", fmt.Errorf("read the list: %w", err)
	}
	return n.join(level, entries, true, '{', '}'), nil
}

// join puts entries between brackets: on one line where that is short and has
// few levels, else one a line.
func (n *inspector) join(level int, entries []string, mayShare bool, open, end byte) string {
	if len(entries) == 0 {
		return string([]byte{open, end})
	}
	if mayShare && n.deepest-level < inspectCompact {
		// What Node counts: the entries with a separator each, the indent, the
		// bracket, and ten to spare.
		length := len(entries) + n.indent + 1 + 10
		total := length + len(entries)
		broken := false
		for _, e := range entries {
			total += utf16Length(e)
			broken = broken || strings.Contains(e, "\n")
		}
		if total <= inspectLine && !broken {
			return string(open) + " " + strings.Join(entries, ", ") + " " + string(end)
		}
	}
	margin := "\n" + strings.Repeat(" ", n.indent)
	return string(open) + margin + "  " + strings.Join(entries, ","+margin+"  ") + margin + string(end)
}

// text quotes a string; a long one is broken behind its line breaks.
func (n *inspector) text(s string) string {
	if units := utf16Length(s); units > inspectString && units > inspectLine-n.indent-4 && strings.Contains(s, "\n") {
		var parts []string
		for line := range strings.Lines(s) {
			parts = append(parts, inspectQuote(line))
		}
		return strings.Join(parts, " +\n"+strings.Repeat(" ", n.indent+2))
	}
	return inspectQuote(s)
}

// inspectKey quotes a key that is no identifier.
func inspectKey(key string) string {
	plain := key != "" && (key[0] < '0' || key[0] > '9')
	for i := range len(key) {
		c := key[i]
		plain = plain && (c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z')
	}
	if plain {
		return key
	}
	return inspectQuote(key)
}

// inspectQuote puts a string into the quotes that it does not hold: single,
// double, back quotes; with all three in it the single ones are escaped.
func inspectQuote(s string) string {
	quote := byte('\'')
	if strings.Contains(s, "'") {
		if !strings.Contains(s, `"`) {
			quote = '"'
		} else if !strings.ContainsAny(s, "`") && !strings.Contains(s, "${") {
			quote = '`'
		}
	}
	var b strings.Builder
	b.WriteByte(quote)
	for _, r := range s {
		switch {
		case r == '\\' || r == rune(quote) && quote == '\'':
			b.WriteString(`\` + string(r))
		case isControl(r) || r == '\t':
			b.WriteString(inspectEscape(r))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte(quote)
	return b.String()
}

func inspectEscape(r rune) string {
	if at := strings.IndexRune("\b\t\n\f\r", r); at >= 0 {
		return `\` + string("btnfr"[at])
	}
	return fmt.Sprintf(`\x%02X`, r)
}

// inColumns puts the entries of a long list into aligned columns, several to a
// line, where they are short and alike; numbers to the right.
func inColumns(entries []string, indent int, numbers bool) []string {
	widest, total := 0, 0
	for _, e := range entries {
		widest = max(widest, utf16Length(e))
		total += utf16Length(e) + 2
	}
	cell := widest + 2
	if cell*3+indent >= inspectLine || float64(total)/float64(cell) <= 5 && widest > 6 {
		return entries
	}
	// About a square, where a character is 2.5 times as high as wide.
	biased := max(float64(cell)-3-math.Sqrt(float64(cell)-float64(total)/float64(len(entries))), 1)
	columns := min(int(math.Round(math.Sqrt(2.5*biased*float64(len(entries)))/biased)), (inspectLine-indent)/cell, 4*inspectCompact, 15)
	if columns <= 1 {
		return entries
	}
	widths := make([]int, columns)
	for i, e := range entries {
		widths[i%columns] = max(widths[i%columns], utf16Length(e)+2)
	}
	var lines []string
	for from := 0; from < len(entries); from += columns {
		row := entries[from:min(from+columns, len(entries))]
		lines = append(lines, columnRow(row, widths, numbers))
	}
	return lines
}

func columnRow(row []string, widths []int, right bool) string {
	var b strings.Builder
	for i, e := range row {
		last := i == len(row)-1
		width := widths[i]
		if last {
			width -= 2
		} else {
			e += ", "
		}
		padding := strings.Repeat(" ", max(0, width-utf16Length(e)))
		switch {
		case right:
			b.WriteString(padding + e)
		case last:
			b.WriteString(e)
		default:
			b.WriteString(e + padding)
		}
	}
	return b.String()
}

// utf16Length is the length of a string in JavaScript.
func utf16Length(s string) int {
	if len(s) == utf8.RuneCountInString(s) {
		return len(s)
	}
	return len(utf16.Encode([]rune(s)))
}

func isJSONNumber(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}

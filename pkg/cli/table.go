package cli

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// cell is one field of a table; its text is harmless already.
type cell struct {
	text string
	col  colour
}

// table is drawn with box characters into one buffer. It is our own because a
// table library costs more than everything else that list does.
type table struct {
	heads []cell
	cells []cell // row by row, len(heads) each
}

// borders of a table, each as left end, fill, crossing, right end.
var (
	topBorder    = [4]string{"┌", "─", "┬", "┐"}
	middleBorder = [4]string{"├", "─", "┼", "┤"}
	bottomBorder = [4]string{"└", "─", "┴", "┘"}
)

// widths returns how many columns the widest field of each column needs.
func (t *table) widths() []int {
	widths := make([]int, len(t.heads))
	for i, h := range t.heads {
		widths[i] = displayWidth(h.text)
	}
	for i, c := range t.cells {
		column := i % len(t.heads)
		widths[column] = max(widths[column], displayWidth(c.text))
	}
	return widths
}

// tableWidth is the width of a drawn table with columns of these widths.
func tableWidth(widths []int) int {
	total := 1
	for _, w := range widths {
		total += w + 3 // "│ " before and " " behind
	}
	return total
}

// append draws the table behind buf. A field that is wider than its column is
// cut. Without heads there is no line between heads and rows.
func (t *table) append(buf []byte, widths []int, term terminal) []byte {
	buf = appendBorder(buf, widths, topBorder)
	if t.heads[0].text != "" {
		buf = appendRow(buf, t.heads, widths, term)
		buf = appendBorder(buf, widths, middleBorder)
	}
	for row := t.cells; len(row) > 0; row = row[len(widths):] {
		buf = appendRow(buf, row[:len(widths)], widths, term)
	}
	return appendBorder(buf, widths, bottomBorder)
}

func appendBorder(buf []byte, widths []int, border [4]string) []byte {
	for i, w := range widths {
		if i == 0 {
			buf = append(buf, border[0]...)
		} else {
			buf = append(buf, border[2]...)
		}
		for range w + 2 {
			buf = append(buf, border[1]...)
		}
	}
	buf = append(buf, border[3]...)
	return append(buf, '\n')
}

func appendRow(buf []byte, row []cell, widths []int, term terminal) []byte {
	for i, c := range row {
		buf = append(buf, "│ "...)
		buf = appendCell(buf, c, widths[i], term)
		buf = append(buf, ' ')
	}
	return append(buf, "│\n"...)
}

func appendCell(buf []byte, c cell, width int, term terminal) []byte {
	text, used := c.text, displayWidth(c.text)
	if used > width {
		text = cut(text, width)
		used = displayWidth(text)
	}
	coloured := term.colour && c.col != plain
	if coloured {
		buf = append(append(append(buf, "\x1b["...), c.col...), 'm')
	}
	buf = append(buf, text...)
	if coloured {
		buf = append(buf, "\x1b[0m"...)
	}
	for range width - used {
		buf = append(buf, ' ')
	}
	return buf
}

// displayWidth is the number of terminal columns of text. Only text outside
// ASCII needs runewidth, whose tables cost 2 MB at the first use.
func displayWidth(text string) int {
	if text == restartsHead {
		return 1
	}
	if isASCII(text) {
		return len(text)
	}
	return wide().StringWidth(text)
}

// cut shortens text to width columns, the last one an ellipsis.
func cut(text string, width int) string {
	if isASCII(text) {
		return text[:max(width-1, 0)] + "…"
	}
	return wide().Truncate(text, width, "…")
}

// fold breaks text into parts of at most width columns; a width that is too
// small to be of use breaks nothing.
func fold(text string, width int) []string {
	const least = 20
	if width < least || displayWidth(text) <= width {
		return []string{text}
	}
	return strings.Split(wide().Wrap(text, width), "\n")
}

// wide measures as terminals outside East Asian locales do, whatever the
// locale: the box characters count as one column.
func wide() *runewidth.Condition { return &runewidth.Condition{StrictEmojiNeutral: true} }

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}

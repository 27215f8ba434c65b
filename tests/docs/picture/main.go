// Picture turns the coloured output of a terminal on stdin into an SVG on
// stdout; its arguments are lines above the output. scripts/picture.sh runs it
// for the README. It knows the few codes that hubctl writes (ECMA-48, Select
// Graphic Rendition).
package main

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Sizes in pixels. A character of the first two fonts is 0.602 em wide; others
// are stretched to that by textLength.
const (
	fontSize   = 13
	charWidth  = 0.602 * fontSize
	lineHeight = 15
	margin     = 14
)

var colours = map[string]string{"31": "#ff6b6b", "32": "#69db7c", "33": "#ffd43b", "36": "#66d9e8"}

var rendition = regexp.MustCompile(`\x1b\[([0-9;]*)m`)

func main() {
	text, err := io.ReadAll(os.Stdin)
	if err == nil {
		out := bufio.NewWriter(os.Stdout)
		draw(out, strings.Join(append(os.Args[1:], string(text)), "\n"))
		err = out.Flush()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func draw(w io.Writer, text string) {
	lines := strings.Split(strings.TrimRight(strings.ReplaceAll(text, "\r", ""), "\n"), "\n")
	columns := 0
	for _, line := range lines {
		columns = max(columns, utf8.RuneCountInString(rendition.ReplaceAllString(line, "")))
	}
	width, height := int(float64(columns)*charWidth)+2*margin, len(lines)*lineHeight+2*margin
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d">`+"\n", width, height, width, height)
	fmt.Fprintf(w, `<rect width="100%%" height="100%%" rx="6" fill="#1c1f26"/>`+"\n")
	fmt.Fprintf(w, `<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="%d" fill="#ced4da" xml:space="preserve">`+"\n", fontSize)
	for n, line := range lines {
		drawLine(w, line, margin+n*lineHeight+lineHeight*3/4)
	}
	fmt.Fprintln(w, "</g>\n</svg>")
}

// drawLine draws each run of one style at its own column, so that a font whose
// box drawing is wider does not shift the columns behind it.
func drawLine(w io.Writer, line string, y int) {
	column, style := 0, ""
	run := func(text string) {
		length := utf8.RuneCountInString(text)
		if strings.TrimSpace(text) != "" {
			fmt.Fprintf(w, `<text x="%.1f" y="%d" textLength="%.1f"%s>%s</text>`+"\n",
				margin+float64(column)*charWidth, y, float64(length)*charWidth, style, escaped(text))
		}
		column += length
	}
	from := 0
	for _, at := range rendition.FindAllStringSubmatchIndex(line, -1) {
		run(line[from:at[0]])
		style = attributes(line[at[2]:at[3]])
		from = at[1]
	}
	run(line[from:])
}

// attributes returns the SVG attributes of a rendition such as 1;36.
func attributes(codes string) string {
	var b strings.Builder
	for code := range strings.SplitSeq(codes, ";") {
		if code == "1" {
			b.WriteString(` font-weight="bold"`)
		} else if colour, ok := colours[code]; ok {
			b.WriteString(` fill="` + colour + `"`)
		}
	}
	return b.String()
}

func escaped(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer takes everything
	return b.String()
}

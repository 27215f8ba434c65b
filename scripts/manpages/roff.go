package main

import "strings"

// roff is a page in the macros of man(7).
type roff struct{ strings.Builder }

// title begins a page.
func (r *roff) title(name, section, date, source string) {
	r.line(`.TH "` + plain(strings.ToUpper(name)) + `" "` + section + `" "` + date + `" "` + plain(source) + `" "hub"`)
}

func (r *roff) section(name string) { r.line(".SH " + name) }

// line writes what is roff already.
func (r *roff) line(text string) { r.WriteString(text + "\n") }

// item is an entry of a list: a tag, and a text behind or below it.
func (r *roff) item(tag, text string) {
	r.line(".TP")
	r.line(tag)
	r.line(text)
}

// text writes paragraphs, as a person has broken them into lines. Those whose
// lines begin with blanks are tables or examples, and stay as they are.
func (r *roff) text(long string) {
	for i, paragraph := range strings.Split(strings.TrimSpace(long), "\n\n") {
		if i > 0 {
			r.line(".PP")
		}
		if !strings.HasPrefix(paragraph, " ") {
			r.line(plain(paragraph))
			continue
		}
		r.line(".nf")
		r.line(plain(paragraph))
		r.line(".fi")
	}
}

func bold(text string) string   { return `\fB` + plain(text) + `\fR` }
func italic(text string) string { return `\fI` + plain(text) + `\fR` }

// special are the characters that mean something to roff: a hyphen would become
// a typographic one, which no shell takes back.
var special = strings.NewReplacer(`\`, `\e`, `-`, `\-`, `'`, `\(aq`, "`", `\(ga`, `^`, `\(ha`, `~`, `\(ti`)

// plain is text without any meaning for roff, on as many lines as it has.
func plain(text string) string {
	lines := strings.Split(special.Replace(text), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}

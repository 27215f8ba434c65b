package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Problem is one thing that is wrong with a declaration, or that deserves a
// warning.
type Problem struct {
	File    string // as the user named it; empty for the command line
	Line    int    // counts from 1; 0 when no line is to blame
	App     string // the app's name; empty for the file as a whole
	Key     string // as written in the file, or the flag
	Message string // what was found and what would be right
}

// String returns the problem as one line:
// `ecosystem.yaml:12: app "api": max_restarts: found "x"; want …`.
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			b.WriteString(":" + strconv.Itoa(p.Line))
		}
		b.WriteString(": ")
	}
	if p.App != "" {
		fmt.Fprintf(&b, "app %s: ", quoted(p.App))
	}
	if p.Key != "" {
		b.WriteString(plain(p.Key) + ": ")
	}
	b.WriteString(p.Message)
	return b.String()
}

// Problems is every problem of a declaration, in the order of the file.
type Problems []Problem

// Error returns one line per problem.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// maxProblems bounds what one file can make us say.
const maxProblems = 100

// report gathers the problems and warnings of one declaration.
type report struct {
	file     string
	problems Problems
	warnings Problems
	unknown  Problems // the part of the warnings that Strict refuses
}

func (r *report) fail(p Problem)    { add(&r.problems, r.file, p) }
func (r *report) warn(p Problem)    { add(&r.warnings, r.file, p) }
func (r *report) dropped(p Problem) { add(&r.unknown, r.file, p) }

func add(list *Problems, file string, p Problem) {
	switch n := len(*list); {
	case n > maxProblems:
		return
	case n == maxProblems:
		p = Problem{Line: p.Line, Message: "further problems are not shown"}
	}
	p.File = file
	*list = append(*list, p)
}

// inOrder returns the problems of all lists by line.
func inOrder(lists ...Problems) Problems {
	all := slices.Concat(lists...)
	slices.SortStableFunc(all, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return all
}

// plain returns a key as it is, but in quotes where it would spoil a terminal.
func plain(key string) string {
	if len(key) > 80 || strings.ContainsFunc(key, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return quoted(key)
	}
	return key
}

// quoted returns text in quotes, cut to a length that fits into a message.
func quoted(text string) string {
	const most = 80
	if len(text) > most {
		return strconv.Quote(text[:most]) + "…"
	}
	return strconv.Quote(text)
}

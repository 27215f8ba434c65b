package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// block is a fenced block of a paper that is run: its language is sh. A block of text or
// of JSON that follows is what it prints; blocks of other languages are for reading.
type block struct {
	line     int
	heading  string
	flags    []string // what follows sh: "fails", "needs=PROGRAM"
	commands string
	// lang is that of the block with the output, empty if there is none.
	lang, want string
}

// blocksOf returns the blocks of a paper, in order. Fences may be indented, as in lists.
func blocksOf(page string) ([]block, error) {
	var blocks []block
	heading := ""
	lines := strings.Split(page, "\n")
	for i := 0; i < len(lines); i++ {
		if title, ok := strings.CutPrefix(strings.TrimLeft(lines[i], "#"), " "); ok && strings.HasPrefix(lines[i], "#") {
			heading = title
		}
		indent, info, ok := strings.Cut(lines[i], "```")
		if !ok || strings.TrimSpace(indent) != "" {
			continue
		}
		first := i + 1
		var text strings.Builder
		for i++; i < len(lines) && lines[i] != indent+"```"; i++ {
			text.WriteString(strings.TrimPrefix(lines[i], indent) + "\n")
		}
		if i == len(lines) {
			return nil, fmt.Errorf("line %d: the block has no end", first)
		}
		lang, flags, _ := strings.Cut(info, " ")
		switch last := len(blocks) - 1; {
		case lang == "sh":
			blocks = append(blocks, block{first, heading, strings.Fields(flags), text.String(), "", ""})
		case last >= 0 && (lang == "text" || lang == "json"):
			if blocks[last].lang == "" {
				blocks[last].lang, blocks[last].want = lang, text.String()
			}
		case last >= 0 && blocks[last].lang == "":
			// What is between them parts commands and output.
			blocks[last].lang = "none"
		}
	}
	return blocks, nil
}

// flag returns what a flag of the block says, such as sqlite3 for needs=sqlite3.
func (b block) flag(name string) (value string, ok bool) {
	for _, flag := range b.flags {
		if key, value, _ := strings.Cut(flag, "="); key == name {
			return value, true
		}
	}
	return "", false
}

// looks tells whether all commands of the block change nothing.
func (b block) looks() bool {
	for line := range strings.Lines(b.commands) {
		words := append(strings.Fields(line), "", "")
		switch command := words[0] + " " + words[1]; {
		case words[0] == "grep", words[0] == "sed", words[0] == "ss":
		case command == "curl -sS", command == "curl -fsS":
		case slices.Contains([]string{"logs", "list", "show", "describe"}, words[1]) && words[0] == "hubctl":
		default:
			return false
		}
	}
	return true
}

// check compares what the block has printed with what the paper says.
func (b block) check(output string) error {
	switch b.lang {
	case "text":
		if !outputPattern(b.want).MatchString(trimLines(output)) {
			return fmt.Errorf("it printed\n%s\nand not\n%s", output, b.want)
		}
	case "json":
		got, err := shape(output)
		if err != nil {
			return fmt.Errorf("it printed\n%s: %w", output, err)
		}
		want, err := shape(b.want)
		if err != nil {
			return fmt.Errorf("the paper's JSON: %w", err)
		}
		if got != want {
			return fmt.Errorf("it printed\n%s\nand not what is like\n%s", got, want)
		}
	}
	return nil
}

// outputPattern is the expression for an output in which "…" stands for any part of a
// line, and alone on its line for any number of lines.
func outputPattern(want string) *regexp.Regexp {
	var expression strings.Builder
	expression.WriteString(`\A`)
	for line := range strings.Lines(trimLines(want)) {
		if line == "…\n" {
			expression.WriteString(`(?:.*\n)*`)
			continue
		}
		expression.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*"))
	}
	return regexp.MustCompile(expression.String() + `\z`)
}

// trimLines ends each line without blanks and the last one with a newline.
func trimLines(text string) string {
	var trimmed strings.Builder
	for line := range strings.Lines(text) {
		trimmed.WriteString(strings.TrimRight(line, " \t\n") + "\n")
	}
	return trimmed.String()
}

var digits = regexp.MustCompile(`\d+(\.\d+)?`)

// shape returns JSON without blanks, all numbers in it, in texts too, as 0.
func shape(text string) (string, error) {
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(text)); err != nil {
		return "", err
	}
	return digits.ReplaceAllString(compact.String(), "0"), nil
}

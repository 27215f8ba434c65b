package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/joho/godotenv"
)

// readDotenv returns the variables of the file at path, none when it is absent.
func readDotenv(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the variables: %w", err)
	}
	vars, ok := parseDotenv(text)
	if !ok {
		return nil, fmt.Errorf("%s line %d: want NAME=value, a comment or nothing", path, brokenLine(text))
	}
	return vars, nil
}

// dollar stands for $ while the parser works, which would put variables into values, and
// drop those that it does not know. Node's dotenv, whose files these are, does not. It is
// of Unicode's private use, and means nothing in a file.
const dollar = "\U0010FFFD"

// parseDotenv drops the parser's error because that quotes the rest of the
// file, secrets included.
func parseDotenv(text []byte) (map[string]string, bool) {
	vars, err := godotenv.UnmarshalBytes(bytes.ReplaceAll(text, []byte("$"), []byte(dollar)))
	if err != nil {
		return nil, false
	}
	for name, value := range vars {
		vars[name] = strings.ReplaceAll(value, dollar, "$")
	}
	// The parser takes a last line without "=" for a variable without a name.
	_, nameless := vars[""]
	return vars, !nameless
}

// brokenLine returns the number of the line at which the first statement that
// cannot be parsed begins: the one after the longest run of whole lines that
// can be. A value in quotes may span lines, so a shorter run may fail alone.
func brokenLine(text []byte) int {
	lines := bytes.SplitAfter(text, []byte("\n"))
	for n := len(lines) - 1; n > 0; n-- {
		if _, ok := parseDotenv(bytes.Join(lines[:n], nil)); ok {
			return n + 1
		}
	}
	return 1
}

package spec

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// maxNumber bounds a number that has no closer limit.
const maxNumber = math.MaxInt32

// MaxInstances is the most instances of an app: a bound that only a slip of the
// hand reaches.
const MaxInstances = 10000

// Type is what values a key takes.
type Type struct {
	name  string
	want  string // what would be right, for messages
	kinds []kind // of the file; nil takes every kind
	// read turns a value of these kinds into Go's type; its error is the whole
	// message. nil: the value is only checked.
	read func(k *Key, v *value) (any, error)
}

// String names the type for the reference.
func (t Type) String() string { return t.name }

// The types of keys; never changed.
var (
	typeText      = Type{"string", "a string", []kind{text, number}, readText}
	typePath      = Type{"path", "a path", []kind{text, number}, readText}
	typeBool      = Type{"boolean", "true or false, without quotes", []kind{boolean}, readBool}
	typeNumber    = Type{"number", "a whole number", []kind{number, text}, readNumber}
	typeDuration  = Type{"time", wantDuration, []kind{number, text}, readDuration}
	typeSize      = Type{"size", wantSize, []kind{number, text}, readSize}
	typeWords     = Type{"list or string", "a list of strings, or one string", []kind{list, text, number}, readWords}
	typeEnv       = Type{"object", "an object such as {PORT: 3000}", []kind{object}, readObject}
	typeChoice    = Type{"choice", "one word", []kind{text}, readChoice}
	typeSignal    = Type{"signal", wantSignal, []kind{text, number}, readSignal}
	typeExitCodes = Type{"number or list", wantExitCodes, []kind{number, text, list}, readExitCodes}
	typeInstances = Type{"number or max", wantInstances, []kind{number, text}, readInstances}
	typeStdin     = Type{"pipe or null", wantStdin, []kind{text}, readStdin}
	typeLogFile   = Type{"boolean or path", "true, false or a path", []kind{boolean, text}, readText}
	typeLogType   = Type{"raw or json", wantLogType, []kind{text, boolean}, readLogType}
	typeReload    = Type{"overlap or restart", wantReload, []kind{text, boolean}, readReload}
	typeListen    = Type{"port, address, list or object", wantAddress + "; a list of these, or an object of them by name", []kind{number, text, list, object}, readListen}

	// Checked only.
	typeAny        = Type{"any", "any value", nil, nil}
	typeObject     = Type{"object", "an object", []kind{object}, nil}
	typeSwitchText = Type{"boolean or string", "true, false or a string", []kind{boolean, text}, nil}
	typeSwitchList = Type{"boolean, list or string", "true, false, a list or a string", []kind{boolean, list, text}, nil}
	typeNumberText = Type{"string or number", "a string or a number", []kind{text, number}, nil}
)

const (
	wantSignal    = "a signal such as SIGTERM or SIGINT"
	wantStdin     = "pipe or null"
	wantLogType   = "raw or json"
	wantReload    = "overlap, or restart"
	wantExitCodes = "an exit code from 0 to 255 or a list of them, such as [0, 143]"
	wantInstances = "a number such as 2, max for one per CPU, or -1 for all CPUs but one"
)

// check reads a value for the key. The error is the whole message.
func (k *Key) check(v *value) (any, error) {
	if k.Type.kinds != nil && !slices.Contains(k.Type.kinds, v.kind) {
		if k.Name == "env" {
			return nil, wrongEnv(v)
		}
		return nil, wrong(v, k.want())
	}
	if k.Type.read == nil {
		return v, nil
	}
	return k.Type.read(k, v)
}

// want says what would be right for the key.
func (k *Key) want() string {
	if len(k.Choices) > 0 {
		return strings.Join(k.Choices, " or ")
	}
	return k.Type.want
}

func wrong(v *value, want string) error {
	return fmt.Errorf("found %s; want %s", v.describe(), want)
}

// wrongEnv is wrong for an environment, whose text may be a secret.
func wrongEnv(v *value) error {
	return fmt.Errorf("found %s; want %s", v.kind, typeEnv.want)
}

func readText(_ *Key, v *value) (any, error) {
	if !isText(v.text) {
		return nil, wrong(v, "UTF-8 text without NUL bytes")
	}
	return v.text, nil
}

func readBool(_ *Key, v *value) (any, error)   { return v.text == "true", nil }
func readObject(_ *Key, v *value) (any, error) { return v, nil }

func readNumber(k *Key, v *value) (any, error) {
	most, want := k.Max, fmt.Sprintf("a whole number from 0 to %d", k.Max)
	if most == 0 {
		most, want = maxNumber, "a whole number such as 0 or 16"
	}
	n, err := strconv.Atoi(v.decimal())
	if err != nil || n < 0 || n > most {
		return nil, wrong(v, want)
	}
	return n, nil
}

func readDuration(_ *Key, v *value) (any, error) { return ParseDuration(v.decimal()) }
func readSize(_ *Key, v *value) (any, error)     { return ParseSize(v.decimal()) }

func readChoice(k *Key, v *value) (any, error) {
	if !slices.Contains(k.Choices, v.text) {
		return nil, wrong(v, k.want())
	}
	return v.text, nil
}

func readSignal(_ *Key, v *value) (any, error) {
	signal, err := ParseSignal(v.decimal())
	if err != nil {
		return nil, wrong(v, wantSignal)
	}
	return signal, nil
}

// readExitCodes takes a number, a list, or "1,2" as a flag has it.
func readExitCodes(_ *Key, v *value) (any, error) {
	var words []string
	if v.kind == list {
		for _, item := range v.items {
			if item.kind != number && item.kind != text {
				return nil, wrong(item, wantExitCodes)
			}
			words = append(words, item.decimal())
		}
	} else {
		words = strings.FieldsFunc(v.decimal(), func(r rune) bool { return r == ',' || r == ' ' })
	}
	codes := make([]int, 0, len(words))
	for _, word := range words {
		code, err := strconv.ParseUint(word, 10, 8)
		if err != nil {
			return nil, fmt.Errorf("found %s; want %s", quoted(word), wantExitCodes)
		}
		codes = append(codes, int(code))
	}
	return codes, nil
}

// readInstances keeps 0 and negative numbers, which only the machine's number
// of CPUs can resolve.
func readInstances(_ *Key, v *value) (any, error) {
	if v.kind == text && v.text == "max" {
		return 0, nil
	}
	n, err := strconv.Atoi(v.decimal())
	if err != nil || n > MaxInstances || n < -MaxInstances {
		return nil, wrong(v, wantInstances)
	}
	return n, nil
}

// readStdin returns whether descriptor 0 is /dev/null.
func readStdin(_ *Key, v *value) (any, error) {
	switch strings.ToLower(v.text) {
	case "null", "~", "/dev/null":
		return true, nil
	case "pipe", "":
		return false, nil
	}
	return nil, wrong(v, wantStdin)
}

// readReload returns ReloadOverlap, or "" for what is a restart.
func readReload(_ *Key, v *value) (any, error) {
	switch v.text {
	case ReloadOverlap:
		return ReloadOverlap, nil
	case "restart", "off", "false":
		return "", nil
	}
	return nil, wrong(v, wantReload)
}

// readLogType returns LogTypeJSON, or "" for lines as they are.
func readLogType(_ *Key, v *value) (any, error) {
	switch v.text {
	case LogTypeJSON:
		return LogTypeJSON, nil
	case "raw", "false":
		return "", nil
	}
	return nil, wrong(v, wantLogType)
}

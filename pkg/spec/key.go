package spec

import (
	"slices"
	"strings"
	"sync"
)

// State says what becomes of a key.
type State uint8

const (
	// Works: the key does what Meaning says.
	Works State = iota
	// Later: an app that gives it an active value is refused, since the feature
	// comes with a later release.
	Later
	// NoEffect: the key is a warning. Meaning says why it does nothing.
	NoEffect
)

// Key describes one key of an app. The table of all keys drives checking,
// warnings and the reference.
type Key struct {
	Name    string   // canonical, as PM2 stores it
	Aliases []string // besides the camelCase form that every name has
	Type    Type
	Default string // as text for people; empty for none
	Meaning string
	State   State

	// Choices are the words that a choice takes.
	Choices []string
	// Max bounds a number; 0 stands for maxNumber.
	Max int
	// Inactive are the values of a Later key that ask for nothing; without it
	// false, 0 and an empty list or object do.
	Inactive []string
	// nulls are the spellings of null that are a word for this key; any other
	// null is "not given".
	nulls []string
}

// Keys returns all keys in the order of the reference.
func Keys() []Key { return slices.Clone(keyTable[:]) }

// Spellings returns every way to write the key, the strongest first: the
// canonical name, the aliases from last to first, then the camelCase forms.
func (k *Key) Spellings() []string {
	all := []string{k.Name}
	for _, alias := range slices.Backward(k.Aliases) {
		all = append(all, alias)
	}
	for _, name := range slices.Clone(all) {
		if camel := camelCase(name); !slices.Contains(all, camel) {
			all = append(all, camel)
		}
	}
	return all
}

// isInactive reports whether a value asks a Later key for nothing.
func (k *Key) isInactive(v *value) bool {
	if len(k.Inactive) > 0 {
		return v.kind != list && v.kind != object && slices.Contains(k.Inactive, v.text)
	}
	switch v.kind {
	case boolean:
		return v.text == "false"
	case number:
		return v.decimal() == "0"
	case list, object:
		return len(v.items)+len(v.fields) == 0
	}
	return v.empty()
}

// spelling is what the index knows about one way to write a key.
type spelling struct {
	key  *Key
	rank int // 0 is the strongest
}

// spellings finds a key by any of its spellings.
var spellings = sync.OnceValue(func() map[string]spelling {
	index := make(map[string]spelling)
	for i := range keyTable {
		key := &keyTable[i]
		for rank, name := range key.Spellings() {
			index[name] = spelling{key, rank}
		}
	}
	return index
})

func camelCase(name string) string {
	words := strings.Split(name, "_")
	for i, word := range words[1:] {
		if word != "" {
			words[i+1] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, "")
}

// snakeCase is the reverse of camelCase, also for kebab-case.
func snakeCase(name string) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case r == '-':
			b.WriteByte('_')
		case r >= 'A' && r <= 'Z':
			b.WriteString("_" + strings.ToLower(string(r)))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

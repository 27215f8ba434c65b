package docs

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/settings"
	"github.com/leadmaster/hub/pkg/spec"
)

func TestConfiguration(t *testing.T) {
	t.Parallel()
	var works, later, noEffect strings.Builder
	works.WriteString("| Key | Value | Default | Meaning |\n|---|---|---|---|\n")
	later.WriteString("| Key | Will be | Accepted until then |\n|---|---|---|\n")
	noEffect.WriteString("| Key | Why it does nothing |\n|---|---|\n")
	for _, k := range spec.Keys() {
		switch k.State {
		case spec.Works:
			fmt.Fprintf(&works, "| %s | %s | %s | %s |\n", keyCell(k), valueCell(k), cell(k.Default), cell(k.Meaning))
		case spec.Later:
			fmt.Fprintf(&later, "| %s | %s | %s |\n", keyCell(k), cell(k.Meaning), inactiveCell(k))
		case spec.NoEffect:
			fmt.Fprintf(&noEffect, "| %s | %s |\n", keyCell(k), cell(k.Meaning))
		default:
			t.Errorf("key %s has the unknown state %d", k.Name, k.State)
		}
	}
	checkPage(t, "configuration.md", section{"settings", settingsTable()},
		section{"keys", works.String()}, section{"later keys", later.String()}, section{"keys without effect", noEffect.String()})
}

// settingsTable lists the settings of hubd.yaml.
func settingsTable() string {
	var table strings.Builder
	table.WriteString("| Setting | Of | Value | Default | Meaning |\n|---|---|---|---|---|\n")
	for _, k := range settings.Keys() {
		of := "apps"
		if k.Daemon {
			of = "the daemon"
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %s | %s |\n", code(k.Name), of, cell(k.Value), cell(k.Default), cell(k.Meaning))
	}
	return table.String()
}

// keyCell names a key with its aliases; camelCase forms go without saying.
func keyCell(k spec.Key) string {
	text := code(k.Name)
	if len(k.Aliases) > 0 {
		text += ", also " + codes(k.Aliases)
	}
	return text
}

func valueCell(k spec.Key) string {
	if len(k.Choices) > 0 {
		return codes(k.Choices)
	}
	return cell(k.Type.String())
}

// inactiveCell says which values ask a key of a later release for nothing.
func inactiveCell(k spec.Key) string {
	if len(k.Inactive) > 0 {
		return codes(k.Inactive)
	}
	return "empty, `false`, `0`"
}

func code(text string) string { return "`" + text + "`" }

func codes(words []string) string {
	quoted := slices.Clone(words)
	for i, word := range quoted {
		quoted[i] = code(word)
	}
	return strings.Join(quoted, ", ")
}

// cell makes text safe between the bars of a table: a < would begin a tag.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", `\<`, "\n", " ").Replace(text)
}

// Package e2e tests the programs as their users meet them: real hubd and
// hubctl processes, real homes, and apps in Go, Node and shell.
//
// What a user types is a script in testdata/script (see
// github.com/rogpeppe/go-internal/testscript); commands_test.go holds the
// commands that scripts have beside the usual ones. What speaks to the
// daemon's socket in ways that hubctl never would is a Go test.
//
// The papers for operators are scripts too: their blocks of sh are run in order, on a
// server made for them, and what they print is compared with the block of text or JSON
// that follows (papers_test.go).
//
// HUB_E2E_RACE=1 builds the programs with the race detector.
package e2e

// Package spec turns an ecosystem file into resolved, immutable Specs.
//
// The way is File → []App (what was written, with lines) → []Spec (what is
// meant, all defaults filled in). Reading and resolving happen in the caller's
// place (hubctl, or hubd --config), because relative paths, the environment
// and the home folder are the caller's; the daemon only validates again.
//
// The package starts no goroutine, keeps no state and imports nothing of ours.
package spec

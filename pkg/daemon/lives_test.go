//go:build !race

package daemon

// lives is how often an app is started and stopped to see whether something
// leaks.
const lives = 1000

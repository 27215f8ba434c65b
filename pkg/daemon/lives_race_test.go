//go:build race

package daemon

// lives are fewer where everything takes ten times as long.
const lives = 100

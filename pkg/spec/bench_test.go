package spec

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// twenty is an ecosystem file of twenty apps, and its path.
func twenty(b *testing.B) (path string, data []byte) {
	b.Helper()
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "app.js"), nil, 0o600); err != nil {
		b.Fatal(err)
	}
	app := "- {name: app-N, script: ./app.js, interpreter: none, instances: 2, env: {A: 1, B: 2}, max_memory_restart: 300M, min_uptime: 10s}\n"
	text := "apps:\n"
	for n := range 20 {
		text += strings.Replace(app, "N", string(rune('a'+n)), 1)
	}
	return filepath.Join(dir, "ecosystem.yaml"), []byte(text)
}

func BenchmarkParse(b *testing.B) {
	path, data := twenty(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(path, data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkResolve(b *testing.B) {
	path, data := twenty(b)
	f, err := Parse(path, data)
	if err != nil {
		b.Fatal(err)
	}
	o := Options{Home: "/hub", Env: os.Environ(), CPUs: 2}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := f.Resolve(o); err != nil {
			b.Fatal(err)
		}
	}
}

package pages

import (
	"bufio"
	"os"
	"strings"
	"testing"
)

// The program is cut into pieces, and goes on without its pages.
func TestThin(t *testing.T) {
	t.Parallel()
	const piece = 64 << 10
	before := mappings(t)
	p := Thin(piece)
	p.GiveBack()
	if p.n == 0 {
		t.Fatal("nothing of the program was found")
	}
	var size uintptr
	for _, m := range p.maps[:p.n] {
		size += m.end - m.start
	}
	if after := mappings(t); uintptr(after-before) < size/piece-uintptr(p.n) {
		t.Errorf("%d bytes are in %d mappings, before in %d", size, after, before)
	}
}

// mappings counts those of this program's file.
func mappings(t *testing.T) (n int) {
	t.Helper()
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	defer maps.Close()
	for in := bufio.NewScanner(maps); in.Scan(); {
		if strings.HasSuffix(in.Text(), own) {
			n++
		}
	}
	return n
}

func TestParseMap(t *testing.T) {
	t.Parallel()
	start, end, path, ok := parseMap([]byte("00400000-004b0000 r-xp 00000000 fe:00 42   /opt/hub/hub-keeper\n"))
	if !ok || start != 0x400000 || end != 0x4b0000 || string(path) != "/opt/hub/hub-keeper" {
		t.Errorf("%x-%x %s, %v", start, end, path, ok)
	}
	for _, kept := range []string{"", "597000-5a3000 rw-p 0 fe:00 42 /opt/hub/hub-keeper", "5a3000-5d9000 r--p 0 00:00 0",
		"5a3000-5d9000 r--p 0 00:00 0 [vvar]", "x-y r--p 0 fe:00 42 /x", "9-8 r--p 0 fe:00 42 /x"} {
		if _, _, _, ok := parseMap([]byte(kept)); ok {
			t.Errorf("%q would be given back", kept)
		}
	}
}

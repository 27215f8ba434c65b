package release

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestChecksum(t *testing.T) {
	t.Parallel()
	a, b := strings.Repeat("a", sumSize), strings.Repeat("b", sumSize)
	for name, c := range map[string]struct{ own, all, want, err string }{
		"own file":        {own: a + "\n", want: a},
		"own, named":      {own: a + "  x.tar.gz\n", want: a},
		"of all":          {all: b + "  y.tar.gz\n" + a + "  x.tar.gz\n", want: a},
		"binary":          {all: a + " *x.tar.gz", want: a},
		"own comes first": {own: a, all: b + "  x.tar.gz", want: a},
		"own is of other": {own: b + "  y.tar.gz", all: a + "  x.tar.gz", want: a},
		"capitals":        {own: strings.ToUpper(a), want: a},
		"none":            {err: "no checksum of x.tar.gz in DIR/x.tar.gz.sha256 or DIR/SHA256SUMS"},
		"only of others":  {all: b + "  y.tar.gz\n" + b + "  dir/x.tar.gz\n" + b + "  x.tar.gz.old\n", err: "no checksum of x.tar.gz"},
		"no checksum":     {own: "0123", err: `DIR/x.tar.gz.sha256: "0123" is no SHA-256`},
		"no hexadecimal":  {own: strings.Repeat("g", sumSize), err: "is no SHA-256"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, text := range map[string]string{"x.tar.gz.sha256": c.own, "SHA256SUMS": c.all} {
				if text == "" {
					continue
				}
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got, err := Checksum(filepath.Join(dir, "x.tar.gz"))
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			if want := strings.ReplaceAll(c.err, "DIR", dir); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q", err, want)
			}
			if strings.HasPrefix(c.err, "no checksum of") != errors.Is(err, ErrNoChecksum) {
				t.Errorf("%v is not ErrNoChecksum where it should be", err)
			}
		})
	}
}

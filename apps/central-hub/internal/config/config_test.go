package config

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// must are the variables that there has to be.
func must() map[string]string {
	return map[string]string{"SESSION_SECRET": "s3cret", "SESSION_MANAGER_BASE_URL": "http://localhost:3001"}
}

// load runs Load on a .env with the given text (none when empty) and the given
// real variables, and those that there has to be.
func load(t *testing.T, dotenv string, real map[string]string) (Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), ".env")
	if dotenv != "" {
		if err := os.WriteFile(path, []byte(dotenv), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	vars := must()
	maps.Copy(vars, real)
	return Load(path, func(name string) (string, bool) {
		value, ok := vars[name]
		return value, ok
	})
}

func TestLoad(t *testing.T) {
	t.Parallel()
	type vars = map[string]string
	tests := map[string]struct {
		dotenv string
		real   vars
		port   int
		env    string
	}{
		"nothing set":             {"", nil, 3012, "development"},
		"from the file":           {"# hub\nPORT=4000\nexport NODE_ENV=\"staging\"\n", nil, 4000, "staging"},
		"no newline at the end":   {"PORT=4000", nil, 4000, "development"},
		"CRLF":                    {"PORT=4000\r\nNODE_ENV=staging\r\n", nil, 4000, "staging"},
		"real variables win":      {"PORT=4000\nNODE_ENV=staging\n", vars{"PORT": "5000", "NODE_ENV": "production"}, 5000, "production"},
		"a real empty one too":    {"PORT=4000\n", vars{"PORT": ""}, 3012, "development"},
		"any free port":           {"", vars{"PORT": "0"}, 0, "development"},
		"others' variables":       {"OTHER=db.example.org\nPORT=4000\n", nil, 4000, "development"},
		"a value over many lines": {"KEY=\"a\nb\"\nPORT=4000\n", nil, 4000, "development"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := load(t, test.dotenv, test.real)
			if err != nil {
				t.Fatal(err)
			}
			if given := test.port != 3012; got.PortGiven != given {
				t.Errorf("PortGiven is %v, want %v", got.PortGiven, given)
			}
			if got.Port != test.port || got.Environment != test.env {
				t.Errorf("got port %d, %q; want %d, %q", got.Port, got.Environment, test.port, test.env)
			}
		})
	}
}

func TestLoadErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		dotenv, port, want string
	}{
		"no number":            {"", "http", `PORT "http"`},
		"too big":              {"", "65536", `PORT "65536"`},
		"negative":             {"", "-1", `PORT "-1"`},
		"with blanks":          {"", " 3012", `PORT " 3012"`},
		"broken line":          {"PORT=1\n\nSESSION SECRET hunter2\nX=1\n", "", ".env line 3:"},
		"broken first line":    {"%%hunter2", "", ".env line 1:"},
		"broken last line":     {"PORT=1\nhunter2", "", ".env line 2:"},
		"quote without an end": {"PORT=1\nA=\"hunter2\nB=2\n", "", ".env line 2:"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			vars := map[string]string{}
			if test.port != "" {
				vars["PORT"] = test.port
			}
			_, err := load(t, test.dotenv, vars)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got error %v, want one with %q", err, test.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error tells the file's content: %v", err)
			}
		})
	}
}

func TestLoadUnreadableFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := Load(dir, os.LookupEnv); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("a folder in place of .env: %v", err)
	}
}

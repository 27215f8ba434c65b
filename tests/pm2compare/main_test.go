package pm2compare

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// pm2 is PM2's program, hubctl ours.
var pm2, hubctl string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if pm2 = os.Getenv("HUB_PM2"); pm2 == "" {
		return m.Run() // which skips the test
	}
	dir, err := os.MkdirTemp("", "pm2compare")
	if err == nil {
		defer os.RemoveAll(dir)
		err = build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "build the programs:", err)
		return 1
	}
	hubctl = filepath.Join(dir, "hubctl")
	return m.Run()
}

// build builds the programs into dir as they are shipped.
func build(dir string) error {
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", dir+"/", "./cmd/hubd", "./cmd/hub-keeper", "./cmd/hubctl")
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

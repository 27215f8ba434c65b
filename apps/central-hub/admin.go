package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/leadmaster/hub/apps/central-hub/internal/auth"
	"github.com/leadmaster/hub/apps/central-hub/internal/config"
	"github.com/leadmaster/hub/apps/central-hub/internal/database"
)

// admin is the administrator that the arguments ask for.
type admin struct {
	usuario   string
	clienteID int64
}

// runAdmin is `central-hub admin`, args what follows that word. It creates an
// administrator in the database, which it makes and migrates where that was not done.
// The exit code is 1 when it could not, 2 for arguments it does not know.
func runAdmin(args []string, stdin *os.File, stdout, stderr io.Writer, lookup func(string) (string, bool)) int {
	wanted, err := parseAdmin(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(stdout, usage)
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "central-hub: %v\n%s\n", err, usage)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	where, err := createAdmin(ctx, wanted, asker{stdin, stderr}, lookup)
	if err != nil {
		fmt.Fprintf(stderr, "central-hub: %v\n", err)
		return 1
	}
	fmt.Fprintf(stdout, "created the administrator %q of cliente %d in %s\n", wanted.usuario, wanted.clienteID, where)
	return 0
}

func parseAdmin(args []string) (admin, error) {
	if len(args) > 0 && isHelp(args[0]) {
		return admin{}, flag.ErrHelp
	}
	if len(args) == 0 || args[0] != "create" {
		return admin{}, errors.New("want admin create")
	}
	wanted := admin{clienteID: 1}
	flags := flag.NewFlagSet("admin create", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&wanted.usuario, "usuario", "", "")
	flags.Func("cliente-id", "", func(text string) error {
		n, err := strconv.ParseUint(text, 10, 63)
		if wanted.clienteID = int64(n); err != nil || n == 0 {
			return errors.New("want a number above 0")
		}
		return nil
	})
	if err := flags.Parse(args[1:]); err != nil {
		return admin{}, err
	}
	// It may be a password, which does not belong on the screen.
	if flags.NArg() > 0 {
		return admin{}, errors.New("too many arguments; the password comes from the terminal or from stdin")
	}
	return wanted, checkUsuario(wanted.usuario)
}

func isHelp(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }

// checkUsuario refuses names that the column does not hold, or that nobody would type.
func checkUsuario(name string) error {
	switch {
	case name == "":
		return errors.New("want --usuario NAME")
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("--usuario %q: want a name without control characters, in UTF-8", name)
	case strings.TrimSpace(name) != name:
		return fmt.Errorf("--usuario %q: want a name without blanks around it", name)
	case utf8.RuneCountInString(name) > 191:
		return errors.New("--usuario: want a name of at most 191 characters")
	}
	return nil
}

// createAdmin returns the database that the administrator is now in. It asks for the
// password before it opens one, so that a bad password leaves nothing behind.
func createAdmin(ctx context.Context, wanted admin, ask asker, lookup func(string) (string, bool)) (string, error) {
	cfg, err := config.LoadDatabase(".env", lookup)
	if err != nil {
		return "", err
	}
	password, err := ask.newPassword(ctx)
	if err != nil {
		return "", err
	}
	hash, err := auth.HashPassword(password)
	if err != nil {
		return "", err
	}
	db, err := database.Open(cfg)
	if err != nil {
		return "", err
	}
	defer db.Close()
	where := place(cfg)
	if err := db.Migrate(ctx); err != nil {
		return "", fmt.Errorf("%s: %w", where, err)
	}
	err = auth.NewRepository(db, time.Now).Create(ctx, auth.User{
		ClienteID: wanted.clienteID, Usuario: wanted.usuario, PasswordHash: hash, Tipo: auth.Admin,
	})
	if errors.Is(err, auth.ErrUserExists) {
		return "", fmt.Errorf("%s has a user %q already", where, wanted.usuario)
	}
	return where, err
}

// place names the database as an operator finds it: a path that depends on the working
// directory would hide that this is the wrong one.
func place(cfg database.Config) string {
	if cfg.Host == "" {
		path, err := filepath.Abs(cfg.Path)
		if err != nil {
			return cfg.Path
		}
		return path
	}
	return fmt.Sprintf("the database %s at %s", cfg.Name, cfg.Host)
}

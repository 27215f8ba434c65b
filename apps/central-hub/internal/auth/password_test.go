package auth

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// quickly hashes at the lowest cost.
func quickly(t *testing.T, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]error{
		"":                       ErrPasswordTooShort,
		"cinco":                  ErrPasswordTooShort,
		"ñandú":                  ErrPasswordTooShort,
		"seises":                 nil,
		"ñandúe":                 nil,
		strings.Repeat("x", 72):  nil,
		strings.Repeat("x", 73):  ErrPasswordTooLong,
		strings.Repeat("ñ", 37):  ErrPasswordTooLong,
		strings.Repeat("ñ", 36):  nil,
		strings.Repeat("x", 9e4): ErrPasswordTooLong,
	} {
		if err := CheckPassword(password); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", password, err, want)
		}
	}
}

func TestHashPassword(t *testing.T) {
	t.Parallel()
	hash, err := HashPassword("secreto")
	if err != nil {
		t.Fatal(err)
	}
	if cost, err := bcrypt.Cost([]byte(hash)); cost != 10 || err != nil {
		t.Errorf("cost %d, %v", cost, err)
	}
	if err := comparePassword(hash, "secreto"); err != nil {
		t.Error(err)
	}
	if _, err := HashPassword(strings.Repeat("x", 73)); err == nil {
		t.Error("hashed 73 bytes")
	}
}

func TestComparePassword(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 72)
	tests := map[string]struct {
		hash, password string
		want           error
	}{
		"right":               {quickly(t, "secreto"), "secreto", nil},
		"made by Node":        {"$2b" + quickly(t, "secreto")[3:], "secreto", nil},
		"made by PHP":         {"$2y" + quickly(t, "secreto")[3:], "secreto", nil},
		"wrong":               {quickly(t, "secreto"), "Secreto", ErrWrongPassword},
		"empty":               {quickly(t, "secreto"), "", ErrWrongPassword},
		"72 bytes":            {quickly(t, long), long, nil},
		"longer, same start":  {quickly(t, long), long + "x", ErrWrongPassword},
		"longer":              {quickly(t, "secreto"), long + "x", ErrWrongPassword},
		"hash empty":          {"", "secreto", ErrHash},
		"hash a text":         {"secreto", "secreto", ErrHash},
		"hash broken, long":   {strings.Repeat("h", 60), long + "x", ErrHash},
		"nobody's, any guess": {nobodys, "secreto", ErrWrongPassword},
	}
	for name, test := range tests {
		if err := comparePassword(test.hash, test.password); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	// Otherwise the time of an answer tells whether there is such a user.
	if cost, err := bcrypt.Cost([]byte(nobodys)); cost != hashCost || err != nil {
		t.Errorf("nobody's hash has cost %d, %v", cost, err)
	}
}

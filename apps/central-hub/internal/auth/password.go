package auth

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"
)

const (
	// hashCost is bcrypt's: 2^10 rounds, about 70 ms.
	hashCost = 10
	// minPassword is in characters.
	minPassword = 6
	// maxPassword is in bytes: bcrypt sees no more of a password.
	maxPassword = 72
)

var (
	// ErrPasswordTooShort says that a new password has fewer than 6 characters.
	ErrPasswordTooShort = errors.New("the password has fewer than 6 characters")
	// ErrPasswordTooLong says that a new password has more than 72 bytes.
	ErrPasswordTooLong = errors.New("the password has more than 72 bytes")
	// ErrWrongPassword says that a password is not the user's.
	ErrWrongPassword = errors.New("wrong password")
	// ErrHash says that what the database holds is no hash of bcrypt's.
	ErrHash = errors.New("no bcrypt hash")
)

// CheckPassword tells whether a user may have this password. The error is
// ErrPasswordTooShort or ErrPasswordTooLong.
func CheckPassword(password string) error {
	switch {
	case utf8.RuneCountInString(password) < minPassword:
		return ErrPasswordTooShort
	case len(password) > maxPassword:
		return ErrPasswordTooLong
	default:
		return nil
	}
}

// HashPassword returns what the database keeps of a password that CheckPassword took.
func HashPassword(password string) (string, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), hashCost)
	if err != nil {
		return "", fmt.Errorf("hash the password: %w", err)
	}
	return string(hash), nil
}

// nobodys is the hash of a random password that nobody has kept. An unknown user's
// password is compared with it, so that the answer takes as long as a known one's.
const nobodys = "$2a$10$bxheEy1NQreNhbWeoK5UjuNg9jcdwhkOm8nmuJrDdNCp/HIbnRpYu"

// comparePassword returns ErrWrongPassword, or ErrHash. A password that is too long is
// wrong: bcrypt would compare its beginning alone.
func comparePassword(hash, password string) error {
	err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password))
	switch {
	case err == nil && len(password) <= maxPassword:
		return nil
	case err == nil || errors.Is(err, bcrypt.ErrMismatchedHashAndPassword):
		return ErrWrongPassword
	default:
		return ErrHash
	}
}

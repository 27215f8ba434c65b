package console

import (
	"bytes"
	"testing"
)

func TestAuthLines(t *testing.T) {
	t.Parallel()
	for want, say := range map[string]func(*Console, string){
		"Error en login: ECONNREFUSED\n":                       (*Console).LoginFailed,
		"Error en verify controller: ECONNREFUSED\n":           (*Console).VerifyFailed,
		"Error obteniendo usuario: ECONNREFUSED\n":             (*Console).UserLookupFailed,
		"Error cambiando contraseña: ECONNREFUSED\n":           (*Console).PasswordChangeFailed,
		"Error en middleware de autenticación: ECONNREFUSED\n": (*Console).AuthenticationFailed,
	} {
		var stdout, stderr bytes.Buffer
		say(New(&stdout, &stderr), "ECONNREFUSED")
		if stdout.String() != "" || stderr.String() != want {
			t.Errorf("printed %q and %q, want %q on stderr", &stdout, &stderr, want)
		}
	}
}

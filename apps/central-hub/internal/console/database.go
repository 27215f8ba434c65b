package console

import "fmt"

// DatabaseDown says that the database can't be used, and why in one word. The hub goes
// on without it and tries again.
func (c *Console) DatabaseDown(reason string) {
	fmt.Fprintf(c.stderr, "❌ Base de datos no disponible: %s. Reintentando...\n", reason)
}

// DatabaseUp says that it can be used after all.
func (c *Console) DatabaseUp() {
	fmt.Fprintln(c.stdout, "✅ Base de datos disponible")
}

package console

import "fmt"

// NotHealthy says that the hub is in a state that is not healthy, with the indented
// JSON of its dependencies, which ends with a newline.
func (c *Console) NotHealthy(state string, dependencies []byte) {
	fmt.Fprintf(c.stderr, "⚠️ Sistema en estado: %s\nDetalles: %s", state, dependencies)
}

// StatusUnknown says why the hub's state could not be found out, followed by the stack
// where there is one.
func (c *Console) StatusUnknown(reason error, stack []byte) {
	fmt.Fprintf(c.stderr, "❌ Error en /status: %v\n%s", reason, stack)
}

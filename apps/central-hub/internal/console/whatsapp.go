package console

import "fmt"

// SessionStatusFailed says why the status of a customer's session could not be answered.
func (c *Console) SessionStatusFailed(clienteID int64, err error) {
	fmt.Fprintf(c.stderr, "[whatsapp-proxy] Error obteniendo status para cliente %d: %s\n", clienteID, foreign(err.Error()))
}

// QREndpointFailed says why a customer got no QR code.
func (c *Console) QREndpointFailed(clienteID int64, err error) {
	fmt.Fprintf(c.stderr, "[whatsapp-proxy] Error en endpoint QR para cliente %d: %s\n", clienteID, foreign(err.Error()))
}

// SessionsFailed says why a request below /session-manager failed, what names it.
func (c *Console) SessionsFailed(what string, clienteID int64, err error) {
	fmt.Fprintf(c.stderr, "[session-manager] Error en %s para cliente %d: %s\n", what, clienteID, foreign(err.Error()))
}

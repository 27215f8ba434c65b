package console

import "fmt"

// QRStoreFailed says that the authorizations could not be asked or changed, and why in
// one word: what was being done ("verificando"), and for which customer, 0 for all.
func (c *Console) QRStoreFailed(doing string, clienteID int64, reason string) {
	if clienteID == 0 {
		fmt.Fprintf(c.stderr, "❌ Error %s autorizaciones QR: %s\n", doing, reason)
		return
	}
	fmt.Fprintf(c.stderr, "❌ Error %s autorización QR para cliente %d: %s\n", doing, clienteID, reason)
}

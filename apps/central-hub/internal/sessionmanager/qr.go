package sessionmanager

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// QR is a code to be scanned.
type QR struct {
	// String is the image, a PNG as data URL.
	String string
	// ExpiresAt is as received, null included, and nil where it is missing.
	ExpiresAt json.RawMessage
}

// RequestQR makes the Session Manager generate a QR code for the session called
// instanceID, which is that of a customer.
func (c *Client) RequestQR(ctx context.Context, instanceID string, clienteID int64) (QR, error) {
	a, err := c.do(ctx, call{method: http.MethodPost, path: sessionPath(instanceID) + "/qr", clienteID: clienteID})
	if err != nil {
		return QR{}, err
	}
	switch {
	case a.ok():
		qr, err := parseQR(a.body)
		if err == nil {
			c.out.QRGenerated(instanceID)
		}
		return qr, err
	case a.status == http.StatusConflict:
		c.out.AlreadyConnected(instanceID)
		return QR{}, a.failed(AlreadyConnected)
	case a.status == http.StatusInternalServerError:
		c.out.QRFailed(a.body)
		return QR{}, a.failed(QRGenerationFailed)
	default:
		return QR{}, c.unexpected(a)
	}
}

func parseQR(body []byte) (QR, error) {
	keys, err := object(body)
	if err != nil {
		return QR{}, err
	}
	code, ok := text(keys[qrStringKey])
	if !ok || code == "" {
		return QR{}, &Error{Kind: Unreachable, Cause: errors.New("an answer without " + qrStringKey)}
	}
	return QR{String: code, ExpiresAt: keys["qr_expires_at"]}, nil
}

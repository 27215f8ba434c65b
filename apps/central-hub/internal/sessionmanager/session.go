package sessionmanager

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// The statuses of a session. The Session Manager may say others; they are handed on.
const (
	Init         = "init"
	QRRequired   = "qr_required"
	Connecting   = "connecting"
	Connected    = "connected"
	Disconnected = "disconnected"
	Failed       = "error"
)

// QR codes whose status is one of these can't be scanned any more.
const (
	QRExpired = "expired"
	QRUsed    = "used"
)

// Instance returns the name of a customer's session.
func Instance(clienteID int64) string {
	return "sender_" + strconv.FormatInt(clienteID, 10)
}

// Session is a WhatsApp session as the Session Manager describes it.
type Session struct {
	// Status is as received; JSON text where it is no string, empty where it is missing.
	Status string
	// QRStatus and QRString are empty where they are missing, null or no string.
	QRStatus string
	QRString string
	// HasQR says that JSON has a qr_string other than null, a string or not.
	HasQR bool
	// PhoneNumber, LastErrorCode and LastErrorMessage are as received, null included,
	// and nil where they are missing.
	PhoneNumber, LastErrorCode, LastErrorMessage json.RawMessage
	// JSON is the whole object, keys that the hub does not know included.
	JSON json.RawMessage
}

const qrStringKey = "qr_string"

// Session asks for the session called instanceID, which is that of a customer.
func (c *Client) Session(ctx context.Context, instanceID string, clienteID int64) (Session, error) {
	a, err := c.do(ctx, call{method: http.MethodGet, path: sessionPath(instanceID), clienteID: clienteID})
	if err != nil {
		return Session{}, err
	}
	switch {
	case a.ok():
		session, err := parseSession(a.body)
		if err == nil {
			c.out.SessionRead(instanceID, session.Status)
		}
		return session, err
	case a.status == http.StatusNotFound:
		c.out.SessionNotFound(instanceID)
		return Session{}, a.failed(SessionNotFound)
	default:
		return Session{}, c.unexpected(a)
	}
}

func sessionPath(instanceID string) string {
	return "/api/session-manager/sessions/" + url.PathEscape(instanceID)
}

func parseSession(body []byte) (Session, error) {
	// What is handed on is to be UTF-8, as JSON is.
	body = bytes.ToValidUTF8(body, []byte("\uFFFD"))
	keys, err := object(body)
	if err != nil {
		return Session{}, err
	}
	session := Session{
		PhoneNumber:      keys["phone_number"],
		LastErrorCode:    keys["last_error_code"],
		LastErrorMessage: keys["last_error_message"],
		JSON:             body,
	}
	status, isText := text(keys["status"])
	if !isText {
		status = string(keys["status"])
	}
	session.Status = status
	session.QRStatus, _ = text(keys["qr_status"])
	qr, ok := keys[qrStringKey]
	session.QRString, _ = text(qr)
	session.HasQR = ok && string(qr) != "null"
	return session, nil
}

// Package stub plays a Session Manager. It has no WhatsApp: what it answers is a
// scenario, which may be changed at any time.
package stub

import "net/http"

// Scenario is one way to behave.
type Scenario struct {
	Name  string `json:"name"`
	About string `json:"about"`

	// status is what sessions have, state what the service's own routes say.
	status string
	state  string
	// The HTTP statuses of the routes, 0 for 200.
	sessionCode, qrCode, sendCode, healthCode int
	// before, if there is one, answers every request itself or returns false.
	before func(*Stub, http.ResponseWriter, *http.Request) bool
}

// Scenarios returns all there are.
func Scenarios() []Scenario {
	const conflict, failure = http.StatusConflict, http.StatusInternalServerError
	return []Scenario{
		{Name: "init", About: "the session was just created; a QR code can be asked for", status: "init", state: "INITIALIZING", sendCode: conflict},
		{Name: "qr_required", About: "the session has a QR code to be scanned", status: "qr_required", state: "QR_REQUIRED", sendCode: conflict},
		{Name: "connecting", About: "the QR code was scanned", status: "connecting", state: "RECONNECTING", qrCode: conflict, sendCode: conflict},
		{Name: "connected", About: "the session can send; /health says READY", status: "connected", state: "READY", qrCode: conflict},
		{Name: "disconnected", About: "the session is disconnected; a QR code can be asked for", status: "disconnected", state: "DISCONNECTED_LOGOUT", sendCode: conflict},
		{Name: "error", About: "the session is broken", status: "error", state: "ERROR", qrCode: failure, sendCode: failure},
		{Name: "not_found", About: "there is no such session: 404", state: "QR_REQUIRED", sessionCode: http.StatusNotFound, qrCode: http.StatusNotFound, sendCode: conflict},
		{Name: "qr_conflict", About: "the session waits for a QR code and is connected when one is asked for: 409", status: "qr_required", state: "QR_REQUIRED", qrCode: conflict, sendCode: conflict},
		{Name: "qr_failure", About: "no QR code can be made: 500", status: "qr_required", state: "QR_REQUIRED", qrCode: failure, sendCode: conflict},
		{Name: "unknown_status", About: "the session has a status that nobody knows", status: "hibernating", state: "HIBERNATING", sendCode: conflict},
		{Name: "session_failure", About: "the session can't be read: 500", state: "ERROR", sessionCode: failure, qrCode: failure, sendCode: failure},
		{Name: "send_refused", About: "connected, but messages are refused: 400", status: "connected", state: "READY", qrCode: conflict, sendCode: http.StatusBadRequest},
		{Name: "send_failure", About: "connected, but messages fail: 500", status: "connected", state: "READY", qrCode: conflict, sendCode: failure},
		{Name: "unhealthy", About: "/health says 503; sessions are as in connected", status: "connected", state: "READY", qrCode: conflict, healthCode: http.StatusServiceUnavailable},
		{Name: "slow", About: "every answer comes after a delay, by default later than the hub waits; then as in connected", status: "connected", state: "READY", qrCode: conflict, before: (*Stub).delay},
		{Name: "not_json", About: "every answer is an HTML page with status 200", before: (*Stub).page},
		{Name: "closed", About: "every connection is reset without an answer", before: (*Stub).reset},
	}
}

// find returns the scenario of that name.
func find(name string) (Scenario, bool) {
	for _, s := range Scenarios() {
		if s.Name == name {
			return s, true
		}
	}
	return Scenario{}, false
}

package sessions

import "github.com/leadmaster/hub/apps/central-hub/internal/sessionmanager"

// State is a session in the words of the frontend that these routes are for.
type State struct {
	State      string `json:"state"`
	HasQR      bool   `json:"hasQR"`
	Ready      bool   `json:"ready"`
	Connecting bool   `json:"connecting"`
}

// What would be constants, if structs could be.

func connected() State    { return State{State: "conectado", Ready: true} }
func connecting() State   { return State{State: "conectando", Connecting: true} }
func disconnected() State { return State{State: "desconectado"} }

func waiting(hasQR bool) State { return State{State: "qr", HasQR: hasQR} }

// stateOf translates a session's status. What the hub does not know can't send, so it
// is disconnected.
func stateOf(session sessionmanager.Session) State {
	switch session.Status {
	case sessionmanager.Connected:
		return connected()
	case sessionmanager.Connecting:
		return connecting()
	case sessionmanager.QRRequired:
		return waiting(hasQR(session))
	default:
		return disconnected()
	}
}

// hasQR tells whether the session has a QR code that can still be scanned.
func hasQR(session sessionmanager.Session) bool {
	return session.Status == sessionmanager.QRRequired && session.QRString != "" &&
		session.QRStatus != sessionmanager.QRExpired && session.QRStatus != sessionmanager.QRUsed
}

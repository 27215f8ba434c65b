package stub

import (
	"cmp"
	"net/http"
	"time"
)

// session is a WhatsAppSession of the frozen contract.
type session struct {
	ID               int     `json:"id"`
	InstanceID       string  `json:"instance_id"`
	PhoneNumber      *string `json:"phone_number"`
	Status           string  `json:"status"`
	QRStatus         string  `json:"qr_status"`
	QRString         *string `json:"qr_string"`
	QRGeneratedAt    *string `json:"qr_generated_at"`
	QRExpiresAt      *string `json:"qr_expires_at"`
	ConnectedAt      *string `json:"connected_at"`
	DisconnectedAt   *string `json:"disconnected_at"`
	LastErrorCode    *string `json:"last_error_code"`
	LastErrorMessage *string `json:"last_error_message"`
	CreatedAt        string  `json:"created_at"`
	UpdatedAt        string  `json:"updated_at"`
}

// qrLife is how long a QR code is good for.
const qrLife = time.Minute

func (s *Stub) session(w http.ResponseWriter, r *http.Request, p play) {
	if p.sessionCode != 0 {
		fail(w, p.sessionCode)
		return
	}
	write(w, http.StatusOK, s.sessionOf(r.PathValue("instance"), p.status))
}

func (s *Stub) sessionOf(instance, status string) session {
	now := timestamp(s.now())
	body := session{ID: 1, InstanceID: instance, Status: status, QRStatus: "none", CreatedAt: now, UpdatedAt: now}
	switch status {
	case "qr_required":
		body.QRStatus = "generated"
		body.QRString = new(picture())
		body.QRGeneratedAt = &now
		body.QRExpiresAt = new(timestamp(s.now().Add(qrLife)))
	case "connecting":
		body.QRStatus = "used"
	case "connected":
		body.QRStatus = "used"
		body.PhoneNumber = new("5491100000000")
		body.ConnectedAt = &now
	case "disconnected":
		body.DisconnectedAt = &now
	case "error":
		body.LastErrorCode = new("AUTH_FAILURE")
		body.LastErrorMessage = new("the stub plays a broken session")
	}
	return body
}

type qrBody struct {
	QRString    string `json:"qr_string"`
	QRExpiresAt string `json:"qr_expires_at"`
}

func (s *Stub) requestQR(w http.ResponseWriter, _ *http.Request, p play) {
	if p.qrCode != 0 {
		fail(w, p.qrCode)
		return
	}
	write(w, http.StatusOK, qrBody{picture(), timestamp(s.now().Add(qrLife))})
}

// fail answers with a status that means a failure.
func fail(w http.ResponseWriter, status int) {
	codes := map[int]string{
		http.StatusNotFound:            "SESSION_NOT_FOUND",
		http.StatusConflict:            "SESSION_ALREADY_CONNECTED",
		http.StatusInternalServerError: "INTERNAL_ERROR",
	}
	write(w, status, failure{true, cmp.Or(codes[status], "ERROR"), "the stub plays a failure"})
}

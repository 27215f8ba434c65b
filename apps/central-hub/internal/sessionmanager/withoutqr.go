package sessionmanager

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// WithoutQR returns the session's JSON without its QR code; the other keys stay as they
// are, in their order.
func (s Session) WithoutQR() (json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(s.JSON))
	if _, err := decoder.Token(); err != nil { // {
		return nil, fmt.Errorf("read a session: %w", err)
	}
	var kept bytes.Buffer
	kept.WriteByte('{')
	for decoder.More() {
		member, err := readMember(decoder)
		if err != nil {
			return nil, fmt.Errorf("read a session: %w", err)
		}
		// Compared as it reads and not as it is written: \u0071r_string is it too.
		if member.key == qrStringKey {
			continue
		}
		if kept.Len() > 1 {
			kept.WriteByte(',')
		}
		if err := member.write(&kept); err != nil {
			return nil, fmt.Errorf("write a session: %w", err)
		}
	}
	kept.WriteByte('}')
	return kept.Bytes(), nil
}

type member struct {
	key   string
	value json.RawMessage
}

func readMember(decoder *json.Decoder) (m member, err error) {
	key, err := decoder.Token()
	if err != nil {
		return m, err
	}
	m.key, _ = key.(string)
	return m, decoder.Decode(&m.value)
}

func (m member) write(to *bytes.Buffer) error {
	key, err := json.Marshal(m.key)
	if err != nil {
		return err
	}
	to.Write(key)
	to.WriteByte(':')
	to.Write(m.value)
	return nil
}

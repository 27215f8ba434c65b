package sessions

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

// decodePNG returns the image of a data URL (RFC 2397).
func decodePNG(url string) ([]byte, error) {
	text, ok := strings.CutPrefix(url, "data:image/png;base64,")
	if !ok {
		return nil, errors.New("the QR code is no data URL of a PNG image")
	}
	image, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("decode the QR code: %w", err)
	}
	if !bytes.HasPrefix(image, []byte(pngSignature)) {
		return nil, errors.New("the QR code is no PNG image")
	}
	return image, nil
}

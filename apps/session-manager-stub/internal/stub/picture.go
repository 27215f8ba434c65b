package stub

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/png"
)

// picture returns a PNG as data URL that looks like a QR code and can't be scanned.
func picture() string {
	const size, scale = 25, 8
	img := image.NewPaletted(image.Rect(0, 0, size*scale, size*scale), color.Palette{color.White, color.Black})
	for y := range size * scale {
		for x := range size * scale {
			column, row := x/scale, y/scale
			img.SetColorIndex(x, y, uint8((column*column+row*row*3+column*row)/2%2))
		}
	}
	var file bytes.Buffer
	if err := png.Encode(&file, img); err != nil {
		panic(err) // a buffer takes everything
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(file.Bytes())
}

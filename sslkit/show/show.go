// Package show makes a run visible: progress while it trains, curves and a
// table of what came of it, grids of images and of the views drawn from them,
// and what features are good for: nearest neighbours, confusion matrices, maps
// of an embedding.
//
// The same calls serve a notebook cell and a program in a terminal. A picture
// appears below its cell; a terminal gets a line that says how to keep it. Each
// picture X has a function XImage that returns it. Plots, and maps, have a
// function SaveX that writes a PNG or SVG file, too; [SavePNG] writes any image.
//
// Pictures are SVG, with a PNG beside it for viewers that do not show SVG. They
// have a white background on dark pages, too, and need no network.
package show

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
)

// SavePNG writes a picture to a file.
func SavePNG(path string, picture image.Image) error {
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, file.Bytes(), 0o644)
}

// Package show makes a run visible: progress while it trains, curves and a
// table of what came of it, grids of images and of the views drawn from them.
//
// The same calls serve a notebook cell and a program in a terminal. A picture
// appears below its cell; a terminal gets a line that says how to keep it.
package show

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// display shows a picture below the cell, as SVG too if there is one. Outside
// notebooks it prints hint.
func display(picture image.Image, svg, hint string) error {
	if !gonbui.IsNotebook {
		fmt.Println(hint)
		return nil
	}
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		return fmt.Errorf("show: %w", err)
	}
	data := map[protocol.MIMEType]any{protocol.MIMEImagePNG: file.Bytes()}
	if svg != "" {
		data[protocol.MIMEImageSVG] = svg
	}
	gonbui.SendData(&protocol.DisplayData{Data: data})
	gonbui.Sync()
	return gonbui.Error()
}

// SavePNG writes a picture to a file.
func SavePNG(path string, picture image.Image) error {
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, file.Bytes(), 0o644)
}

package show

import (
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// figure is a drawing of a fixed size, as pixels or as SVG.
type figure struct {
	width, height vg.Length
	draw          func(draw.Canvas) error
}

func (f figure) image() (image.Image, error) {
	canvas := vgimg.New(f.width, f.height)
	if err := f.draw(draw.New(canvas)); err != nil {
		return nil, err
	}
	return canvas.Image(), nil
}

func (f figure) svg() (string, error) {
	canvas := vgsvg.New(f.width, f.height)
	if err := f.draw(draw.New(canvas)); err != nil {
		return "", err
	}
	var file strings.Builder
	if _, err := canvas.WriteTo(&file); err != nil {
		return "", fmt.Errorf("show: draw: %w", err)
	}
	svg := file.String()
	svg = svg[max(strings.Index(svg, "<svg"), 0):] // pages want no XML header
	// Fonts of the same widths, where Liberation is not installed.
	return strings.ReplaceAll(svg, "font-family:Liberation Sans", "font-family:Liberation Sans,Arial,Helvetica,sans-serif"), nil
}

// show puts the figure below the cell. Outside notebooks it prints hint.
func (f figure) show(hint string) error {
	picture, err := f.image()
	if err != nil {
		return err
	}
	svg, err := f.svg()
	if err != nil {
		return err
	}
	return display(picture, svg, hint)
}

// save writes a file whose name ends in .png or .svg.
func (f figure) save(path string) error {
	switch filepath.Ext(path) {
	case ".png":
		picture, err := f.image()
		if err != nil {
			return err
		}
		return SavePNG(path, picture)
	case ".svg":
		svg, err := f.svg()
		if err != nil {
			return err
		}
		return os.WriteFile(path, []byte(svg), 0o644)
	}
	return fmt.Errorf("show: %s: want a name that ends in .png or .svg", path)
}

package cell

import _ "embed"

// showSource and imageSource are built into cells that show a value. They import
// no more than GoNB's own func main does, and the image encoder only where cells
// work with images, so that light cells stay quick to build.
var (
	//go:embed show.go.txt
	showSource string
	//go:embed image.go.txt
	imageSource string
)

package testkit

// Grids say where the cells of views' maps lie in their images, made by formula.
type Grids struct {
	Base  int     `json:"base"`  // number of the first view's generator
	Grid  int     `json:"grid"`  // cells in a row, and rows
	Image float64 `json:"image"` // side in pixels
}

// A GridBox is a view's part of an image, in pixels.
type GridBox struct {
	Left, Top, Width, Height float64
	Flipped                  bool
}

// Box is that of a view of an image.
func (g Grids) Box(view, image int) GridBox {
	u := func(i int) float64 { return U(g.Base+view, 5*image+i) }
	b := GridBox{Height: 40 + 80*u(0), Width: 40 + 80*u(1), Flipped: u(4) < 0.5}
	b.Top, b.Left = (g.Image-b.Height)*u(2), (g.Image-b.Width)*u(3)
	return b
}

// View returns x and y of each cell of a view of every image, [batch, Grid·Grid, 2].
func (g Grids) View(view, batch int) Array {
	a := Array{Shape: []int{batch, g.Grid * g.Grid, 2}}
	along := func(from, length float64, i int) float64 {
		return from + length*float64(i)/float64(g.Grid-1) + length/float64(2*g.Grid)
	}
	for image := range batch {
		b := g.Box(view, image)
		for row := range g.Grid {
			for column := range g.Grid {
				at := column
				if b.Flipped {
					at = g.Grid - 1 - column
				}
				a.Data = append(a.Data, along(b.Left, b.Width, at), along(b.Top, b.Height, row))
			}
		}
	}
	return a
}

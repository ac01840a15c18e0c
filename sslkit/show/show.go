// Package show makes a run visible: progress while it trains, curves and a
// table of what came of it, grids of images and of the views drawn from them, maps over images,
// and what features are good for: nearest neighbours, confusion matrices, maps
// of an embedding.
//
// Functions return a [Picture], a value with three methods: Show puts it below a
// notebook's cell, Save into a file, Image returns its pixels. The same calls
// serve a notebook and a program in a terminal.
//
// Pictures are SVG, with a PNG beside it for viewers that do not show SVG. They
// have a white background on dark pages, too, and need no network.
package show

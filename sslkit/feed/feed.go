// Package feed gives a program its images: all of them at once, where they fit
// on the device, or batch after batch from the host, copied and uploaded while
// the device works on the batches before. The program is the same for both.
//
// [Open] makes a [Source] of images. [Source.Read] makes a [Reader], which gives the
// images in any order, one set of them after another. Inside the program, [Take]
// picks a batch out of a set.
//
// Where a device is several accelerators, each has a resident set. Of a streamed source
// each gets whole batches in turn ([Source.Read]), or its part of every batch for a
// program that all run together ([Source.ReadParts], [Source.Take]). A split source has a
// part of all images on each: a program that all run together finds every image there, and
// others get batches from the host.
package feed

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
)

// Mode is where a program's images are kept. Numbers do not depend on it.
type Mode string

// The modes. Auto is Resident if the images take at most half of the device's free memory,
// else Split if that is so with several accelerators and images of one size, else Streamed.
const (
	Auto     Mode = "auto"
	Resident Mode = "resident" // on the device, all of them; on several accelerators, on each
	Split    Mode = "split"    // on several accelerators, a part on each: images of one size only
	Streamed Mode = "streamed" // on the host; the device has a few batches
)

// detail limits how large images are on the device: the shorter side of an image
// has at most detail times as many pixels as the side of the network's input. The
// usual policies crop a twelfth of an image's area or more, so that even the smallest
// crop has about as many pixels as the input.
const detail = 4

// Validate reports a mode that is none of these, nor "".
func (m Mode) Validate() error {
	switch m {
	case Auto, Resident, Split, Streamed, "":
		return nil
	}
	return fmt.Errorf("feed: mode %q: want %q, %q, %q or %q", m, Auto, Resident, Split, Streamed)
}

// A Source is the images of a split, ready to be fed to programs. What a program
// gets is a set: one or two tensors that [Take] understands.
//
//	images of one size       pixels [n, height, width, 3] uint8
//	images of several sizes  pixels [rows, side, 3] uint8 and frames [n, 3] int32: row, height, width
//
// Images lie in a set as in [dataset.Images], with [augment.SpareRows] after the last
// one. A resident source has one set of all images; a streamed one makes a set of
// each batch; a split one has a part of the set of all on each accelerator, with black images
// after the last one where parts would not be equal.
type Source struct {
	device *device.Device
	images *dataset.Images
	form   form
	mode   Mode                // Resident, Split or Streamed
	sets   [][]*tensors.Tensor // of each accelerator; nil if streamed
}

// Open makes images ready for programs on a device, as they are; an empty mode is
// Auto. The images must not change while the source is in use. [Source.Free]
// releases what it has on the device.
func Open(d *device.Device, images *dataset.Images, mode Mode) (*Source, error) {
	return OpenFor(d, images, mode, 0)
}

// OpenFor is [Open] for networks whose input has size × size pixels. An image
// whose shorter side has more than four times size pixels is shrunk to that, so
// that the device's memory depends on size and not on the largest image. A streamed
// source shrinks images each time that it reads them. With size 0 no image is shrunk.
func OpenFor(d *device.Device, images *dataset.Images, mode Mode, size int) (*Source, error) {
	if images.Len() == 0 {
		return nil, fmt.Errorf("feed: there are no images")
	}
	if err := mode.Validate(); err != nil {
		return nil, err
	}
	s := &Source{device: d, images: images, form: formOf(images, detail*size), mode: mode}
	switch mode {
	case Auto, "":
		free, err := d.Free()
		if err != nil {
			return nil, fmt.Errorf("feed: %w", err)
		}
		s.mode = s.fitting(int64(s.form.bytes()), free/2)
	case Split:
		if s.form.Frames != nil {
			return nil, fmt.Errorf("feed: mode %q: the images have several sizes, want one size, or %q or %q", Split, Resident, Streamed)
		}
		if d.Count == 1 {
			s.mode = Resident
		}
	}
	return s, s.uploadAll()
}

// fitting is the mode that keeps as many of all bytes on each accelerator as may be there.
func (s *Source) fitting(all, most int64) Mode {
	n := int64(s.device.Count)
	switch {
	case all <= most:
		return Resident
	case n > 1 && s.form.Frames == nil && (all+n-1)/n <= most:
		return Split
	}
	return Streamed
}

// Outlined is [OpenFor] for images that need no pixels, Resident, or Split where Auto would
// make it that: nothing is on the device, and of the set there are [Source.Shapes] alone, from
// which a program can be planned.
func Outlined(d *device.Device, images *dataset.Images, size int) (*Source, error) {
	s := &Source{device: d, images: images, form: formOf(images, detail*size), mode: Resident}
	free, err := d.Free()
	if err != nil {
		return nil, fmt.Errorf("feed: %w", err)
	}
	if _, end := s.form.Span(s.form.Len() - 1); s.fitting(int64(end), free/2) == Split {
		s.mode = Split
	}
	return s, nil
}

// share is how many images of a split source each accelerator has.
func (s *Source) share() int { return (s.Len() + s.device.Count - 1) / s.device.Count }

// Shapes are those of the set of all images, on all accelerators together.
func (s *Source) Shapes() []shapes.Shape {
	n := s.Len()
	if s.mode == Split {
		n = s.share() * s.device.Count
	}
	_, end := s.form.Span(s.Len() - 1)
	return s.shapes(n, end)
}

// ReadShapes are those of the sets that a [Reader] of [Source.Read] gives.
func (s *Source) ReadShapes(batch int) []shapes.Shape {
	if s.mode == Resident {
		return s.Shapes()
	}
	return s.shapes(batch, s.form.room(batch))
}

// Kept is how many bytes of each accelerator the source takes.
func (s *Source) Kept() (bytes int64) {
	if s.mode == Streamed {
		return 0
	}
	for _, shape := range s.Shapes() {
		bytes += int64(shape.ByteSize())
	}
	if s.mode == Split {
		bytes /= int64(s.device.Count)
	}
	return bytes
}

// shapes are those of a set of n images, which take so many bytes if they have several sizes.
func (s *Source) shapes(n, bytes int) []shapes.Shape {
	f := &s.form
	if f.Frames == nil {
		return []shapes.Shape{shapes.Make(dtypes.Uint8, n, f.Height, f.Width, 3)}
	}
	return []shapes.Shape{
		shapes.Make(dtypes.Uint8, (bytes+f.spare())/(3*f.Side), f.Side, 3),
		shapes.Make(dtypes.Int32, n, 3),
	}
}

// Mode is Resident, Split or Streamed.
func (s *Source) Mode() Mode { return s.mode }

// Len is the number of images.
func (s *Source) Len() int { return s.images.Len() }

// Batch is how many images a program should take at once, but no more than most. It
// limits the memory that they need (256 MiB, 2 GiB on a GPU) in both forms: as the
// bytes of a set, and as float32 once [augment.Policy.Plain] has cut them out.
func (s *Source) Batch(most int) int {
	limit := 256 << 20
	if s.device.Kind == device.CUDA {
		limit = 2 << 30
	}
	return s.form.batch(min(most, s.Len()), limit)
}

// Set is the set of all images of a resident source, on the first accelerator; nil for
// others.
func (s *Source) Set() []*tensors.Tensor {
	if s.mode != Resident {
		return nil
	}
	return s.sets[0]
}

// Free releases the device's memory. The source is of no use then.
func (s *Source) Free() {
	for _, set := range s.sets {
		free(set)
	}
}

// Places returns, for each image of an order, its index in the set that a [Reader] of
// [Source.Read] gives for its batch.
func (s *Source) Places(order []int32, batch int) []int32 {
	return s.places(order, batch, s.mode == Resident)
}

// PlacesInParts is [Source.Places] for a reader of [Source.ReadParts].
func (s *Source) PlacesInParts(order []int32, batch int) []int32 {
	return s.places(order, batch, s.mode != Streamed)
}

func (s *Source) places(order []int32, batch int, all bool) []int32 {
	if all {
		return order
	}
	places := make([]int32, len(order))
	for i := range places {
		places[i] = int32(i % batch)
	}
	return places
}

// uploadAll makes the set of all images, on each accelerator, or its part of it.
func (s *Source) uploadAll() error {
	var pixels []uint8
	var table []int32
	switch s.mode {
	case Streamed:
		return nil
	case Resident:
		pixels, table = s.all()
	}
	for k := range s.device.Count {
		if s.mode == Split {
			pixels = s.part(k)
		}
		set, err := s.upload(k, pixels, table)
		if err != nil {
			s.Free()
			return err
		}
		s.sets = append(s.sets, set)
	}
	return nil
}

// part returns the images of a split source that an accelerator has.
func (s *Source) part(accelerator int) []uint8 {
	_, each := s.form.Span(0)
	pixels := make([]uint8, s.share()*each)
	var which []int32
	var from []int
	for i := accelerator * s.share(); i < min((accelerator+1)*s.share(), s.Len()); i++ {
		from = append(from, len(which)*each)
		which = append(which, int32(i))
	}
	s.copy(pixels, which, from)
	return pixels
}

// all returns all images as they lie in a set, with frames where they have several sizes.
func (s *Source) all() (pixels []uint8, table []int32) {
	f := &s.form
	if f.same && f.Frames == nil && s.images.From == nil {
		return s.images.Pixels, nil
	}
	pixels = make([]uint8, f.bytes()+f.spare())
	all := make([]int32, f.Len())
	from := make([]int, f.Len())
	for i := range all {
		all[i] = int32(i)
		from[i], _ = f.Span(i)
		if f.Frames != nil {
			table = append(table, int32(f.Frames[i].Row), int32(f.Frames[i].Height), int32(f.Frames[i].Width))
		}
	}
	s.copy(pixels, all, from)
	return pixels, table
}

// upload makes a set on an accelerator. frames is empty if the images have one size.
func (s *Source) upload(accelerator int, pixels []uint8, frames []int32) ([]*tensors.Tensor, error) {
	f := &s.form
	shape := shapes.Make(dtypes.Uint8, 1, f.Height, f.Width, 3)
	if f.Frames != nil {
		shape = shapes.Make(dtypes.Uint8, 1, f.Side, 3)
	}
	shape.Dimensions[0] = len(pixels) / shape.Size()
	on, err := s.device.Put(accelerator, pixels, shape)
	if err != nil {
		return nil, fmt.Errorf("feed: %w", err)
	}
	set := []*tensors.Tensor{on}
	if f.Frames == nil {
		return set, nil
	}
	table, err := s.device.Put(accelerator, frames, shapes.Make(dtypes.Int32, len(frames)/3, 3))
	if err != nil {
		free(set)
		return nil, fmt.Errorf("feed: %w", err)
	}
	return append(set, table), nil
}

func free(set []*tensors.Tensor) {
	for _, t := range set {
		t.MustFinalizeAll()
	}
}

// Take returns a batch of a set's images, in a graph.
//
//	set     of a [Source]
//	places  [batch] int32: which images
func Take(set []*graph.Node, places *graph.Node) augment.Batch {
	at := graph.ExpandAxes(places, -1) // [batch, 1]
	if len(set) == 1 {
		return augment.Whole(graph.Gather(set[0], at)) // [batch, height, width, 3]
	}
	return augment.Framed(set[0], graph.Gather(set[1], at)) // [batch, 3]
}

// Take is the function of that name for a program that all accelerators run together, with
// sets of [Source.ReadParts].
func (s *Source) Take(set []*graph.Node, places *graph.Node) augment.Batch {
	switch {
	case s.device.Count == 1 || s.mode != Streamed:
		return Take(set, places)
	case len(set) == 1:
		return augment.Whole(set[0])
	}
	batch := augment.Framed(set[0], set[1])
	batch.Parts = s.device.Count
	return batch
}

// Splits says how a set of [Source.ReadParts] lies on the accelerators.
func (s *Source) Splits() []device.Split {
	split := device.Split(0)
	if s.mode == Resident {
		split = device.Whole
	}
	return slices.Repeat([]device.Split{split}, len(s.Shapes()))
}

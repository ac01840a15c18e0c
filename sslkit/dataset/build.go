package dataset

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"
)

// A sink takes the pixels of images as they are decoded, in any order.
type sink interface {
	begin(bytes int) error                // with the number of pixel bytes to come; forgets those before
	put(pixels []uint8, offset int) error // from several goroutines at a time
}

// memory is the sink that keeps them there.
type memory struct{ pixels []uint8 }

func (m *memory) begin(bytes int) error {
	m.pixels = make([]uint8, bytes)
	return nil
}

func (m *memory) put(pixels []uint8, offset int) error {
	copy(m.pixels[offset:], pixels)
	return nil
}

// nowhere is the sink for pixels that nobody wants.
type nowhere struct{}

func (nowhere) begin(int) error        { return nil }
func (nowhere) put([]uint8, int) error { return nil }

// castagnoli is the polynomial of checksums, for which processors have an
// instruction.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// decode puts the pixels of all images into a sink. It returns the images
// without pixels, and a checksum of each image's bytes in Pixels.
//
// Where an image goes depends on the sizes of all, which the headers of files
// tell first. If a file then turns out to be corrupt and is to be left out, the
// others have to be decoded anew, for other places.
func (l *listing) decode(ctx context.Context, opts FolderOptions, to sink) (*Images, []uint32, error) {
	corrupt, err := l.measure(ctx, opts)
	if err != nil {
		return nil, nil, err
	}
	for {
		rest, empty := l.without(corrupt)
		switch {
		case len(corrupt) > 0 && !opts.SkipCorrupt:
			to = nowhere{} // this only looks for more
		case empty != "":
			return nil, nil, fmt.Errorf("no image of %s is left: %w", empty, l.corrupt(corrupt))
		}
		images := rest.images(opts)
		sums, more, err := rest.fill(ctx, opts, images, to)
		if err != nil {
			return nil, nil, err
		}
		corrupt = append(corrupt, more...)
		if len(corrupt) > 0 && !opts.SkipCorrupt {
			return nil, nil, l.corrupt(corrupt)
		}
		if len(more) == 0 {
			for _, file := range l.corrupt(corrupt).Files {
				images.Skipped = append(images.Skipped, file.Name)
			}
			return images, sums, nil
		}
	}
}

// measure finds out the sizes of all images, from the headers of their files,
// and returns the files that have none.
func (l *listing) measure(ctx context.Context, opts FolderOptions) ([]CorruptFile, error) {
	damages := make([]*damage, len(l.files))
	counter := newMeter(opts.Progress, "looking at "+filepath.Base(l.dir), int64(len(l.files)))
	err := parallel(ctx, len(l.files), counter, func() func(int) error {
		var reader fileReader
		return func(i int) (err error) {
			file := &l.files[i]
			file.height, file.width, err = reader.size(l.path(i))
			if errors.As(err, &damages[i]) {
				return nil
			}
			return err
		}
	})
	return l.damaged(damages), err
}

// damaged lists the files that have a damage.
func (l *listing) damaged(damages []*damage) []CorruptFile {
	var corrupt []CorruptFile
	for i, d := range damages {
		if d != nil {
			corrupt = append(corrupt, CorruptFile{Name: l.files[i].name, Err: d.reason})
		}
	}
	return corrupt
}

// images returns the images of a listing with known sizes, without pixels.
func (l *listing) images(opts FolderOptions) *Images {
	images := &Images{
		Labels:  make([]int32, len(l.files)),
		Classes: l.classes,
		Files:   make([]string, len(l.files)),
	}
	sizes := make([]Frame, len(l.files))
	for i, file := range l.files {
		images.Labels[i], images.Files[i] = file.class, file.name
		sizes[i] = opts.size(file.height, file.width)
	}
	images.arrange(sizes)
	return images
}

// fill decodes all files into a sink. It returns a checksum for each image and
// the files that turned out to be corrupt, whose pixels are missing.
func (l *listing) fill(ctx context.Context, opts FolderOptions, images *Images, to sink) ([]uint32, []CorruptFile, error) {
	if err := to.begin(images.bytes(len(l.files))); err != nil {
		return nil, nil, err
	}
	sums := make([]uint32, len(l.files))
	damages := make([]*damage, len(l.files))
	counter := newMeter(opts.Progress, "decoding "+filepath.Base(l.dir), int64(len(l.files)))
	err := parallel(ctx, len(l.files), counter, func() func(int) error {
		var reader fileReader
		var stored []uint8
		return func(i int) error {
			file := &l.files[i]
			pixels, err := reader.pixels(l.path(i), file.height, file.width)
			if errors.As(err, &damages[i]) {
				return nil
			} else if err != nil {
				return err
			}
			if height, width := images.Size(i); height != file.height || width != file.width {
				pixels = shrink(pixels, file.height, file.width, height, width)
			}
			from, end := images.span(i)
			stored = resize(stored, end-from)
			images.pack(stored, pixels, i)
			sums[i] = crc32.Checksum(stored, castagnoli)
			return to.put(stored, from)
		}
	})
	return sums, l.damaged(damages), err
}

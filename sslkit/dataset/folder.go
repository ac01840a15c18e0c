package dataset

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// FolderOptions say how [Folder] reads images. The zero value takes all of them,
// shrinks those that are large, keeps them in the cache, and takes a corrupt file
// for an error.
type FolderOptions struct {
	// ShortSide shrinks images whose shorter side is longer than that many
	// pixels until it is as long; the other side keeps the proportion, rounded
	// down. The filter is Catmull-Rom (bicubic), as wide as it must be to use
	// every pixel. 0 is [DefaultShortSide]; [FullSize] shrinks none.
	ShortSide int

	// Limit reads the first images only; 0 is all. Others are not even opened.
	Limit int

	// Upright turns images as the orientation in their EXIF data says; those
	// without, or with EXIF data that cannot be read, stay as they are.
	Upright bool

	Unlabelled bool // folders are no classes: see [Folder]

	SkipCorrupt bool              // leave corrupt files out and name them in Images.Skipped
	NoCache     bool              // decode even what the cache holds, into memory, and keep nothing
	Progress    Progress          // hears how many images are done; may be nil
	Warn        func(text string) // told in a line what is odd: a cache that cannot be used, files left out; nil: standard error is
}

// Folder returns the images in the subfolders of a folder, each a class of its
// own, with the name of its folder:
//
//	dir/<class>/<image>.jpg
//
// Images are files whose names end in .jpg, .jpeg, .jfif, .png, .webp, .gif, .bmp,
// .tif or .tiff, in any case, below the folder of their class at any depth; the
// content decides which of these they are. Of a GIF the first picture is read, of
// a TIFF the first page. Symbolic links are followed; a folder is read once for
// each class, though, however many links lead there, and not at all if dir lies
// in it. A link that leads nowhere counts as a corrupt file. Hidden files and
// folders are ignored. Of other files Warn hears, and of images next to the folders
// of classes.
//
// With Unlabelled the images are all those below dir, at any depth, whatever
// the folders there are called. They have no classes: Classes is nil and all
// Labels are 0. They come in the order of their names. Without it, a folder
// without folders of classes is an error that wraps [ErrNoClasses].
//
// Classes are sorted by name. Images take turns: the first file of every class
// in the order of names, then the second of every class, and so on; a class
// that has no more is passed over. So the first images are balanced. With Limit
// the images are the first of those that there would be without it.
//
// Pixels are those of Pillow's convert("RGB"), as torchvision's ImageFolder
// reads them: alpha is dropped and not applied, gray, palettes and CMYK become
// R, G and B. Values from JPEG differ by a few levels at most, as decoders round
// differently. Of 16 bits the upper 8 are kept; of gray, Pillow keeps the lower
// ones and clips.
//
// Cameras and phones often store pictures lying on a side, with an orientation in
// EXIF data. torchvision's ImageFolder, and so lightly, ignores it, and so does
// Folder unless Upright is set, for results to be comparable. Where pictures come
// from phones, Upright is what one wants: otherwise sky is above in some and beside
// in others. Use it for all images that are compared with each other, or for none.
//
// What an image costs follows ShortSide and not the file. It takes 3·s·l bytes in
// the form of [Images], where s is the longest shorter side of any image, ShortSide
// at most, and l its own longer side; of an image that is longer than
// [LongestRatio] times its shorter side, the middle is kept and Warn hears of it. A
// photograph of 4:3 takes 1 MB at the default. Files are decoded side by side as
// long as that takes at most 256 MB together, or one at a time: a JPEG takes about
// 1.5 bytes a pixel, or 7.5 if it is progressive, others up to 16.
//
// All processors decode. The pixels go to files of 256 MiB, the shards, in a folder
// below SSLKIT_HOME (or the directory that it stands for, see [Dir]), in
// cache/images. Reading the same files with the same options again then takes
// seconds, or with a million files as long as it takes to list them. Where decoding
// was ended, even by a crash, it goes on with the shard that it was at. Several processes, on one machine or several
// with a common folder, share the work: each makes shards that no other is making.
// A file added, removed or changed (in size or time of modification) renews the
// shards in which something is other than before, as does any damage to them. At each
// start checksums of all images are compared, or of 4 GiB of them, other ones each
// time. Memory does not grow with the pixels, only with the number of files, by about
// 300 bytes each.
//
// If the cache cannot be written, the images are in memory alone, and Warn hears why;
// more of them than the machine has memory is an error. Files of the cache may be
// deleted at any time. Once all caches are more than 50 GB, or as many as the
// environment variable SSLKIT_IMAGE_CACHE says, those that were not used for longest
// go, but never the one in use.
//
// It returns an error if there are no classes or images, a class has no images, or a file
// cannot be read; a [*CorruptError], once all files have been looked at, if some
// cannot be decoded or have more than 100 million pixels; and the context's if
// that ends.
func Folder(ctx context.Context, dir string, opts FolderOptions) (*Images, error) {
	switch {
	case opts.ShortSide < FullSize:
		return nil, fmt.Errorf("dataset: Folder: ShortSide is %d, want 0 or more, or FullSize", opts.ShortSide)
	case opts.Limit < 0:
		return nil, fmt.Errorf("dataset: Folder: Limit is %d, want 0 or more", opts.Limit)
	}
	list, err := listFolder(ctx, dir, opts)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	if list.loose > 0 {
		opts.warn("dataset: %s: images beside the folders of classes are left out: %d; reading it unlabelled takes all", list.dir, list.loose)
	}
	if text := list.others.String(); text != "" {
		opts.warn("dataset: %s: left out, for they are no images that can be read: %s", list.dir, text)
	}
	images, err := list.read(ctx, opts)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	return images, nil
}

// read returns the images of a listing, from the cache if they are there.
func (l *listing) read(ctx context.Context, opts FolderOptions) (*Images, error) {
	found, err := l.find(ctx, opts)
	if err != nil {
		return nil, err
	}
	if n := len(found.cut); n > 0 {
		opts.warn("dataset: %s: of images more than %d times as long as wide only the middle is read: %d (%s)",
			l.dir, LongestRatio, n, printableName(filepath.FromSlash(found.cut[0])))
	}
	return found.images, nil
}

// find is read, and returns what else there is to know.
func (l *listing) find(ctx context.Context, opts FolderOptions) (*decoded, error) {
	if opts.NoCache {
		return l.readToMemory(ctx, opts)
	}
	found, err := newCache(l, opts).read(ctx, l, opts)
	var broken *cacheError
	if !errors.As(err, &broken) {
		return found, err
	}
	opts.warn("dataset: %s: the decoded images cannot be kept and will be decoded again next time: %v", l.dir, err)
	return l.readToMemory(ctx, opts)
}

func (o FolderOptions) warn(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if o.Warn != nil {
		o.Warn(text)
		return
	}
	fmt.Fprintln(os.Stderr, text)
}

// A CorruptError names the files of a folder that are no images or damaged.
type CorruptError struct {
	Dir   string        // the folder
	Total int           // files that should be images
	Files []CorruptFile // sorted by name
}

// A CorruptFile is a file that cannot be decoded.
type CorruptFile struct {
	Name string // relative to the folder, with slashes
	Err  error  // why
}

// Error names the first twenty files and says what one can do.
func (e *CorruptError) Error() string {
	const most = 20
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %d of %d files cannot be decoded:", e.Dir, len(e.Files), e.Total)
	for _, file := range e.Files[:min(most, len(e.Files))] {
		fmt.Fprintf(&text, "\n\t%s: %v", filepath.FromSlash(file.Name), file.Err)
	}
	if more := len(e.Files) - most; more > 0 {
		fmt.Fprintf(&text, "\n\tand %d more", more)
	}
	text.WriteString("\nReplace or delete them, or let FolderOptions.SkipCorrupt, of the command --skip-corrupt, leave them out")
	return text.String()
}

// File returns the image in one file, with the pixels that [Folder] would give
// it, of the same kinds of files. Files names it as path does; its class has no
// name. Of the options ShortSide and Upright count.
//
// It returns an error if the file cannot be read, is no image or damaged, or has
// more than 100 million pixels.
func File(path string, opts ...FolderOptions) (*Images, error) {
	var options FolderOptions
	for _, o := range opts {
		options = o
	}
	images, err := decodeFile(path, options)
	var broken *damage
	if errors.As(err, &broken) { // the others have the path
		err = fmt.Errorf("%s: %w", path, err)
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	return images, nil
}

func decodeFile(path string, opts FolderOptions) (*Images, error) {
	var reader fileReader
	h, err := reader.header(path, opts.Upright)
	if err != nil {
		return nil, err
	}
	p := opts.plan(h)
	pixels, err := reader.pixels(path, p)
	if err != nil {
		return nil, err
	}
	images := newImages(1, p.frame().Height, p.frame().Width, []string{""})
	copy(images.Pixels, pixels)
	images.Files = []string{path}
	return images, nil
}

// DefaultShortSide is the shorter side in pixels that [Folder] shrinks images to
// unless it is told otherwise. It is more than twice what networks of ImageNet
// take, 224, and more than most of ImageNet's own images have.
const DefaultShortSide = 512

// FullSize as a ShortSide keeps all images in their own scale.
const FullSize = -1

// LongestRatio is how many times as long as its shorter side an image of a
// [Folder] is at most. Of one that is longer, the middle is kept.
const LongestRatio = 20

// A plan is what becomes of the picture in a file: a part of it is shrunk, and
// then turned.
type plan struct {
	height, width int // of the picture
	top, left     int // where the part begins
	part          Frame
	to            Frame // its size once it is shrunk
	turn          turn
}

// plan returns what becomes of a picture under the options.
func (o FolderOptions) plan(h header) plan {
	p := plan{height: int(h.height), width: int(h.width), turn: h.turn}
	p.part = Frame{Height: min(p.height, LongestRatio*p.width), Width: min(p.width, LongestRatio*p.height)}
	p.top, p.left = (p.height-p.part.Height)/2, (p.width-p.part.Width)/2
	p.to = p.part.Within(o.shortSide())
	return p
}

// shortSide is the shorter side that images have at most, FullSize for any.
func (o FolderOptions) shortSide() int {
	if o.ShortSide == 0 {
		return DefaultShortSide
	}
	return o.ShortSide
}

// Within returns the size that an image has once its shorter side has at most
// short pixels: the other side keeps the proportion, rounded down. Any size will do
// if short is not positive. Row is 0.
func (f Frame) Within(short int) Frame {
	if short <= 0 || f.short() <= short {
		return Frame{Height: f.Height, Width: f.Width}
	}
	// One of the two divisions is exact.
	return Frame{Height: f.Height * short / f.short(), Width: f.Width * short / f.short()}
}

// frame is the size of the image in the end.
func (p plan) frame() Frame { return p.turn.frame(p.to) }

// cut tells whether the image is but a part of the picture.
func (p plan) cut() bool { return p.part.Height < p.height || p.part.Width < p.width }

// take returns the pixels of the image, from the lines of the picture.
func (p plan) take(lines func(y int) []uint8) []uint8 {
	part := func(y int) []uint8 { return lines(p.top + y)[3*p.left : 3*(p.left+p.part.Width)] }
	if p.to == p.part {
		pixels := make([]uint8, 0, 3*p.to.Height*p.to.Width)
		for y := range p.to.Height {
			pixels = append(pixels, part(y)...)
		}
		return p.turn.pixels(pixels, p.to)
	}
	return p.turn.pixels(shrinkLines(part, p.part, p.to), p.to)
}

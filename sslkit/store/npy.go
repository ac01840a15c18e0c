package store

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"slices"

	"github.com/sbinet/npyio/npy"

	"github.com/gossl/gossl/internal/atomicfile"
	"github.com/gossl/gossl/sslkit/embedding"
)

// npyBeside ends the name of the file beside an NPY file.
const npyBeside = ".json"

// npyHeader is the most bytes of a header: many times what two sizes take.
const npyHeader = 1 << 16

// npyImages is what the file beside an NPY file says of the images and the array.
type npyImages struct {
	Files   []string `json:"files"`
	Labels  []int32  `json:"labels"`
	Classes []string `json:"classes"`
	Origin  *origin  `json:"origin"`
}

// writeNPY writes the file beside first: where it alone is new, reading says so
// unless the number of images is the same.
func writeNPY(s *embedding.Set, path string) error {
	err := atomicfile.WriteBy(path+npyBeside, func(w io.Writer) error {
		return json.NewEncoder(w).Encode(npyImages{s.Files, s.Labels, s.Classes, newOrigin(s)})
	})
	if err != nil {
		return err
	}
	// The library takes the shape from the type: a slice of arrays, one for each image.
	rows := reflect.MakeSlice(reflect.SliceOf(reflect.ArrayOf(s.Dim, reflect.TypeFor[float32]())), s.Len(), s.Len())
	for i := range s.Len() {
		reflect.Copy(rows.Index(i), reflect.ValueOf(s.Row(i)))
	}
	return atomicfile.WriteBy(path, func(w io.Writer) error {
		buffer := bufio.NewWriterSize(w, 1<<20)
		if err := npy.Write(buffer, rows.Interface()); err != nil {
			return err
		}
		return buffer.Flush()
	})
}

func readNPY(file *os.File) (*embedding.Set, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(file, 1<<20)
	header, err := readNPYHeader(in)
	if err != nil {
		return nil, err
	}
	shape := header.Descr.Shape
	if len(shape) != 2 || slices.Min(shape) < 1 {
		return nil, fmt.Errorf("an array of shape %v, want [images, dim]", shape)
	}
	bytes := map[string]int64{"<f4": 4, "<f8": 8}[header.Descr.Type]
	if bytes == 0 {
		return nil, fmt.Errorf("an array of %q, want \"<f4\" (float32) or \"<f8\" (float64)", header.Descr.Type)
	}
	images, dim := shape[0], shape[1]
	// Damaged sizes must not cost memory: the file itself says how much there can be.
	if int64(images) > info.Size()/bytes/int64(dim) {
		return nil, fmt.Errorf("truncated: %d bytes are too few for %d×%d numbers", info.Size(), images, dim)
	}
	s := &embedding.Set{Dim: dim}
	if s.Features, err = readNumbers(in, images*dim, bytes); err != nil {
		return nil, err
	}
	if _, err := in.ReadByte(); err != io.EOF {
		return nil, fmt.Errorf("more bytes than %d×%d numbers take", images, dim)
	}
	if header.Descr.Fortran {
		s.Features = transposed(s.Features, dim)
	}
	return s, readBeside(s, file.Name()+npyBeside)
}

// readNPYHeader reads up to the first number. The library panics at some damage.
func readNPYHeader(in *bufio.Reader) (header npy.Header, err error) {
	start, err := in.Peek(12)
	if err != nil {
		return header, errors.New("truncated: it ends within the header")
	}
	if start[6] == 2 && binary.LittleEndian.Uint32(start[8:]) > npyHeader {
		return header, errors.New("damaged: the header has an impossible length")
	}
	defer func() {
		if recover() != nil {
			err = errors.New("damaged or truncated: the header makes no sense")
		}
	}()
	reader, err := npy.NewReader(in)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return header, errors.New("truncated: it ends within the header")
	}
	if err != nil {
		return header, err
	}
	return reader.Header, nil
}

// readNumbers reads n numbers of 4 or 8 bytes. The library would take the end of
// a truncated file for zeros.
func readNumbers(in io.Reader, n int, bytes int64) ([]float32, error) {
	numbers := make([]float32, n)
	var err error
	if bytes == 4 {
		err = binary.Read(in, binary.LittleEndian, numbers)
	} else {
		wide := make([]float64, n)
		err = binary.Read(in, binary.LittleEndian, wide)
		for i, value := range wide {
			numbers[i] = float32(value)
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("truncated: it ends within the %d numbers", n)
	}
	return numbers, err
}

// transposed turns columns, [dim, images], into rows, [images, dim].
func transposed(columns []float32, dim int) []float32 {
	images := len(columns) / dim
	rows := make([]float32, len(columns))
	for d := range dim {
		for i := range images {
			rows[i*dim+d] = columns[d*images+i]
		}
	}
	return rows
}

// readBeside takes what the file beside says, if there is one.
func readBeside(s *embedding.Set, path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err // has the path
	}
	var images npyImages
	if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), &images); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	with := &embedding.Set{Features: s.Features, Dim: s.Dim, Labels: images.Labels, Classes: images.Classes, Files: images.Files}
	if err := with.Validate(); err != nil {
		return fmt.Errorf("with %s: %w", path, err)
	}
	images.Origin.about(with)
	*s = *with
	return nil
}

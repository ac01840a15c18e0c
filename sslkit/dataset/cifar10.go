package dataset

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gossl/gossl/internal/place"
)

// CIFAR-10's binary version: five files of training images and one of test
// images, each a row of records without any header. A record is a byte with
// the label and then the red, the green and the blue plane, row by row.
const (
	cifarFolder  = place.CIFAR10
	cifarArchive = "cifar-10-binary.tar.gz" // unpacks to cifarFolder
	cifarPage    = "https://www.cs.toronto.edu/~kriz/cifar.html"

	cifarSize   = 32 // height and width
	cifarPlane  = cifarSize * cifarSize
	cifarRecord = 1 + 3*cifarPlane // bytes
	cifarFile   = 10_000           // records in each file
)

var (
	cifarTrain = []string{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"}
	cifarTest  = []string{"test_batch.bin"}

	cifarClasses = []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}
)

// cifarOfficial is the official archive. Its checksum stands on its page, its size
// in tensorflow/datasets, url_checksums/cifar10.txt.
var cifarOfficial = archive{
	name:     CIFAR10,
	url:      "https://www.cs.toronto.edu/~kriz/" + cifarArchive,
	md5:      "c32a1d4ab5d03f1284b67883e8d87530",
	size:     170_052_171,
	unpacked: 184_400_000,
	folder:   cifarFolder,
	wanted:   slices.Concat(cifarTrain, cifarTest),
	stall:    time.Minute,
	waits:    fetchWaits,
}

// ReadCIFAR10 returns the first train training images (of 50,000) and the
// first test test images (of 10,000) of CIFAR-10, 32×32 photographs of ten
// classes, from the files of its binary version:
//
//	dir/cifar-10-batches-bin/data_batch_1.bin … data_batch_5.bin
//	dir/cifar-10-batches-bin/test_batch.bin
//
// Only the files that hold those images are opened and only those images are
// read. The other files need not be there, but an error about one that is
// wanted and missing names them all.
//
// It returns an error if train is less than 1, test is negative, or there are
// fewer images than that; and, naming the file, if one is missing or is not
// 30,730,000 bytes long; and, naming the offset in bytes too, if a label is
// more than 9 or a file ends early.
//
// Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
func ReadCIFAR10(dir string, train, test int) (*Set, error) {
	err := checkCount(CIFAR10, train, cifarFile*len(cifarTrain), test, cifarFile*len(cifarTest))
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(dir, cifarFolder)
	set := &Set{Name: CIFAR10}
	if set.Train, err = readCIFARSplit(folder, cifarTrain, train); err != nil {
		return nil, err
	}
	if set.Test, err = readCIFARSplit(folder, cifarTest, test); err != nil {
		return nil, err
	}
	return set, nil
}

// readCIFARSplit returns the first n images of the files, which hold at least
// as many.
func readCIFARSplit(folder string, files []string, n int) (*Images, error) {
	images := newImages(n, cifarSize, cifarSize, slices.Clone(cifarClasses))
	for f, first := 0, 0; first < n; f, first = f+1, first+cifarFile {
		last := min(first+cifarFile, n)
		err := readCIFARFile(filepath.Join(folder, files[f]), images, first, last)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, missingCIFAR(folder, err)
		}
		if err != nil {
			return nil, fmt.Errorf("dataset: %s: %w", CIFAR10, err)
		}
	}
	return images, nil
}

// readCIFARFile fills images first to last-1 with the first records of a file.
// Its errors name the path.
func readCIFARFile(path string, images *Images, first, last int) error {
	file, err := os.Open(path)
	if err != nil {
		return err // has the path
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err // has the path
	}
	const want = cifarFile * cifarRecord
	switch size := info.Size(); {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: is not a file", path)
	case size < want:
		return fmt.Errorf("%s: truncated: it ends at byte offset %d, want %d bytes", path, size, want)
	case size > want:
		return fmt.Errorf("%s: wrong size: %d bytes, want %d; what follows byte offset %d does not belong there",
			path, size, want, want)
	}
	if err := decodeCIFAR(file, images, first, last); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// decodeCIFAR fills images first to last-1 with the records that r starts with.
// Its errors name the offset from the start of r, in bytes. It reads several
// records at a time, but none after the last that it wants.
func decodeCIFAR(r io.Reader, images *Images, first, last int) error {
	const chunk = 100 // records
	buffer := make([]byte, chunk*cifarRecord)
	offset := 0 // of the buffer in r
	for first < last {
		records := min(chunk, last-first)
		got, err := io.ReadFull(r, buffer[:records*cifarRecord])
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return fmt.Errorf("truncated: it ends at byte offset %d, %d bytes into a record; %d more records wanted",
				offset+got, got%cifarRecord, last-first-got/cifarRecord)
		}
		if err != nil {
			return fmt.Errorf("at byte offset %d: %w", offset+got, err)
		}
		for record := range slices.Chunk(buffer[:got], cifarRecord) {
			label := record[0]
			if int(label) >= len(cifarClasses) {
				return fmt.Errorf("impossible label %d at byte offset %d, want 0 to %d", label, offset, len(cifarClasses)-1)
			}
			images.Labels[first] = int32(label)
			interleave(images.At(first), record[1:])
			first++
			offset += cifarRecord
		}
	}
	return nil
}

// interleave turns planes [3, height, width] into pixels [height, width, 3].
func interleave(pixels, planes []uint8) {
	red, green, blue := planes[:cifarPlane], planes[cifarPlane:2*cifarPlane], planes[2*cifarPlane:3*cifarPlane]
	for p := range red {
		pixel := pixels[3*p : 3*p+3]
		pixel[0], pixel[1], pixel[2] = red[p], green[p], blue[p]
	}
}

// missingCIFAR says which files are wanted and where to get them. It wraps err,
// which names the first one that is missing.
func missingCIFAR(folder string, err error) error {
	var paths strings.Builder
	for _, file := range slices.Concat(cifarTrain, cifarTest) {
		fmt.Fprintf(&paths, "\n\t%s", filepath.Join(folder, file))
	}
	return fmt.Errorf("dataset: %s: %w\n"+
		"CIFAR-10 is read from the files of its binary version:%s\n"+
		"dataset.Fetch downloads them, and so does -download of the benchmark's program. By hand:\n"+
		"they come from %s: unpack %s into %s,\n"+
		"or set SSLKIT_DATA to the directory that holds %s",
		CIFAR10, err, &paths, cifarPage, cifarArchive, filepath.Dir(folder), cifarFolder)
}

package dataset

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

// cifarPixel is the value that writeCIFAR gives to a byte of a record.
func cifarPixel(record, offset int) uint8 { return uint8(31*record + 7*offset + offset>>8) }

// cifarRecords returns n records, whose labels are first, first+1, … mod 10.
func cifarRecords(n, first int) []byte {
	data := make([]byte, n*cifarRecord)
	for r := range n {
		record := data[r*cifarRecord:][:cifarRecord]
		for i := range record {
			record[i] = cifarPixel(r+first, i)
		}
		record[0] = byte((r + first) % 10)
	}
	return data
}

// writeCIFAR writes files of full size with the given names and returns the
// directory to read them from. Record r of file f has label (r+f) mod 10.
func writeCIFAR(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, cifarFolder), 0o755); err != nil {
		t.Fatal(err)
	}
	for f, file := range files {
		if err := os.WriteFile(filepath.Join(dir, cifarFolder, file), cifarRecords(cifarFile, f), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadCIFAR10(t *testing.T) {
	dir := writeCIFAR(t, "data_batch_1.bin", "data_batch_2.bin", "test_batch.bin")
	set, err := ReadCIFAR10(dir, cifarFile+3, 250)
	if err != nil {
		t.Fatal(err)
	}
	if set.Name != CIFAR10 || set.Train.Len() != cifarFile+3 || set.Test.Len() != 250 {
		t.Fatalf("got %s with %d and %d images", set.Name, set.Train.Len(), set.Test.Len())
	}
	for _, want := range []struct {
		images    *Images
		i         int
		file, row int // where image i comes from
	}{
		{set.Train, 0, 0, 0},
		{set.Train, 101, 0, 101},
		{set.Train, cifarFile - 1, 0, cifarFile - 1},
		{set.Train, cifarFile, 1, 0},
		{set.Train, cifarFile + 2, 1, 2},
		{set.Test, 249, 2, 249},
	} {
		record := want.row + want.file
		if got := want.images.Labels[want.i]; got != int32(record%10) {
			t.Errorf("image %d: label %d, want %d", want.i, got, record%10)
		}
		for j, got := range want.images.At(want.i) {
			pixel, channel := j/3, j%3
			if value := cifarPixel(record, 1+channel*cifarPlane+pixel); got != value {
				t.Fatalf("image %d: pixel %d, channel %d: got %d, want %d", want.i, pixel, channel, got, value)
			}
		}
	}
}

func TestReadCIFAR10OpensOnlyWhatItNeeds(t *testing.T) {
	dir := writeCIFAR(t, "data_batch_1.bin")
	set, err := ReadCIFAR10(dir, cifarFile, 0)
	if err != nil {
		t.Fatal(err)
	}
	if set.Test == nil || set.Test.Len() != 0 {
		t.Errorf("test split %v, want one without images", set.Test)
	}
	if _, err := ReadCIFAR10(dir, cifarFile+1, 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("second file missing: got error %v, want %v", err, fs.ErrNotExist)
	}
}

func TestReadCIFAR10Missing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SSLKIT_DATA", dir)
	_, err := Load(t.Context(), CIFAR10, 10, 10, nil)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("got error %v, want %v", err, fs.ErrNotExist)
	}
	wanted := []string{"dataset: cifar10: ", "SSLKIT_DATA", cifarPage, cifarArchive, "into " + dir + ","}
	for _, file := range append(cifarTrain, cifarTest...) {
		wanted = append(wanted, filepath.Join(dir, "cifar-10-batches-bin", file))
	}
	for _, want := range wanted {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not contain %q:\n%v", want, err)
		}
	}
}

func TestReadCIFAR10Damaged(t *testing.T) {
	const file = "data_batch_2.bin"
	dir := writeCIFAR(t, "data_batch_1.bin", file)
	path := filepath.Join(dir, cifarFolder, file)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	label := bytes.Clone(whole)
	label[2*cifarRecord] = 10
	for _, test := range []struct {
		name string
		data []byte
		want []string
	}{
		{"empty", nil, []string{"offset 0,", "30730000"}},
		{"a record short", whole[:len(whole)-cifarRecord], []string{"truncated", "offset 30726927,"}},
		{"a byte short", whole[:len(whole)-1], []string{"truncated", "offset 30729999,"}},
		{"a byte long", append(bytes.Clone(whole), 0), []string{"30730001 bytes", "offset 30730000 "}},
		{"label", label, []string{"label 10", "offset 6146,", "0 to 9"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := os.WriteFile(path, test.data, 0o644); err != nil {
				t.Fatal(err)
			}
			set, err := ReadCIFAR10(dir, cifarFile+3, 0)
			if err == nil || set != nil {
				t.Fatalf("got set %v and error %v, want an error alone", set, err)
			}
			for _, want := range append(test.want, "dataset: cifar10: ", path) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not contain %q", err, want)
				}
			}
			if _, err := ReadCIFAR10(dir, cifarFile, 0); err != nil {
				t.Errorf("the file is not wanted, and yet: %v", err)
			}
		})
	}
}

func TestReadCIFAR10Folder(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, cifarFolder, "data_batch_1.bin")
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadCIFAR10(dir, 1, 0); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a directory in place of a file: got error %v", err)
	}
}

// A file can shrink after its size was seen, and reading can fail.
func TestDecodeCIFARErrors(t *testing.T) {
	data := cifarRecords(3, 0)
	for _, test := range []struct {
		name   string
		reader io.Reader
		want   string
	}{
		{"nothing", bytes.NewReader(nil), "truncated: it ends at byte offset 0, 0 bytes into a record; 3 more records wanted"},
		{"in a record", bytes.NewReader(data[:cifarRecord+5]), "truncated: it ends at byte offset 3078, 5 bytes into a record; 2 more records wanted"},
		{"between records", bytes.NewReader(data[:2*cifarRecord]), "truncated: it ends at byte offset 6146, 0 bytes into a record; 1 more records wanted"},
		{"failure", io.MultiReader(bytes.NewReader(data[:7]), iotest.ErrReader(errors.New("no light"))), "at byte offset 7: no light"},
	} {
		err := decodeCIFAR(test.reader, newImages(3, cifarSize, cifarSize, nil), 0, 3)
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: got error %v, want %s", test.name, err, test.want)
		}
	}
}

func FuzzDecodeCIFAR(f *testing.F) {
	f.Add(cifarRecords(2, 0), uint8(2))
	f.Add(cifarRecords(2, 9), uint8(1))
	f.Add(cifarRecords(1, 3)[:100], uint8(1))
	f.Add([]byte{10}, uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, n uint8) {
		images := newImages(int(n), cifarSize, cifarSize, cifarClasses)
		err := decodeCIFAR(iotest.HalfReader(bytes.NewReader(data)), images, 0, int(n))
		valid := len(data) >= int(n)*cifarRecord
		for i := 0; valid && i < int(n); i++ {
			valid = data[i*cifarRecord] < 10
		}
		if (err == nil) != valid {
			t.Fatalf("%d bytes, %d records wanted, valid: %v; got error %v", len(data), n, valid, err)
		}
		if err != nil {
			if !strings.Contains(err.Error(), "byte offset") {
				t.Fatalf("error without an offset: %v", err)
			}
			return
		}
		for i := range images.Len() {
			record := data[i*cifarRecord:][:cifarRecord]
			if images.Labels[i] != int32(record[0]) {
				t.Fatalf("record %d: label %d, want %d", i, images.Labels[i], record[0])
			}
			for j, got := range images.At(i) {
				if want := record[1+j%3*cifarPlane+j/3]; got != want {
					t.Fatalf("record %d, byte %d: got %d, want %d", i, j, got, want)
				}
			}
		}
	})
}

// TestRealCIFAR10 checks all of the real data set, if it is there. The means of
// the training channels are the well-known 0.4914, 0.4822 and 0.4465 of 255.
func TestRealCIFAR10(t *testing.T) {
	if os.Getenv("SSLKIT_DATA") == "" {
		t.Skip("SSLKIT_DATA is not set: no real CIFAR-10 to read")
	}
	if _, err := os.Stat(filepath.Join(Dir(), cifarFolder, cifarTest[0])); err != nil {
		t.Skipf("no CIFAR-10 below SSLKIT_DATA: %v", err)
	}
	set, err := Load(t.Context(), CIFAR10, 50_000, 10_000, nil)
	if err != nil {
		t.Fatal(err)
	}
	compareAbout(t, set)
	for _, split := range []struct {
		name     string
		images   *Images
		perClass int
		sums     [3]uint64 // of all pixels, a channel each
	}{
		{"train", set.Train, 5000, [3]uint64{6415714204, 6295060180, 5829907619}},
		{"test", set.Test, 1000, [3]uint64{1290492328, 1266775083, 1176108223}},
	} {
		counts := make([]int, len(split.images.Classes))
		for _, label := range split.images.Labels {
			counts[label]++
		}
		for class, count := range counts {
			if count != split.perClass {
				t.Errorf("%s: %d images of class %s, want %d", split.name, count, split.images.Classes[class], split.perClass)
			}
		}
		var sums [3]uint64
		for i, value := range split.images.Pixels {
			sums[i%3] += uint64(value)
		}
		if sums != split.sums {
			t.Errorf("%s: sums of the channels are %d, want %d", split.name, sums, split.sums)
		}
	}
}

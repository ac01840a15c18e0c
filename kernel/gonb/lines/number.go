package lines

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// book is the folder of the file names that stand for cells. In a program that was
// built, the number of the execution takes its place.
const book = "/sslkit/notebook"

// fileName is the file name that stands for a cell in positions.
func fileName(id int) string { return book + "/" + cellName(id) }

func cellName(number int) string { return fmt.Sprintf("cell[%d]", number) }

// Number has a program that was built name cells by the numbers of their last
// execution, in all that it says of positions: the runtime reads file names up to a
// zero byte, so that cell[12] fits in where /sslkit/notebook/cell[5] stands, and the
// ID behind it is there for the next time. A program that does not change is not
// built again for a new number.
func Number(program string, index *Index) error {
	names, at, err := fileNames(program)
	if err != nil {
		return fmt.Errorf("lines: number the cells: %w", err)
	}
	changes := index.changes(names)
	if len(changes) == 0 {
		return nil
	}
	file, err := os.OpenFile(program, os.O_RDWR, 0)
	if errors.Is(err, syscall.ETXTBSY) { // a cell left a process of it behind
		file, err = anew(program)
	}
	if err != nil {
		return fmt.Errorf("lines: number the cells: %w", err)
	}
	for _, c := range changes {
		if _, e := file.WriteAt(c.text, at+int64(c.off)); e != nil {
			err = e
		}
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("lines: number the cells: %w", err)
	}
	return nil
}

// fileNames is the part of a program with the file names of its positions, and
// where in the file it is.
func fileNames(program string) (names []byte, at int64, err error) {
	file, err := elf.Open(program)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	for _, s := range file.Sections {
		if strings.HasSuffix(s.Name, "gopclntab") { // another name goes before it where addresses are relocated
			names, err = s.Data()
			return names, int64(s.Offset), err
		}
	}
	return nil, 0, fmt.Errorf("%s has no section gopclntab", program)
}

// change is text that takes the place of other text of its length.
type change struct {
	off  int
	text []byte
}

// changes are what to change in a program's file names.
func (x *Index) changes(names []byte) []change {
	var all []change
	for from := 0; ; {
		i := bytes.Index(names[from:], []byte("/cell["))
		if i < 0 {
			return all
		}
		slash := from + i
		from = slash + len("/cell[")
		digits, _, ok := bytes.Cut(names[from:min(len(names), from+len(book))], []byte("]\x00"))
		id, err := strconv.Atoi(string(digits))
		if !ok || err != nil || slash < len(book) || !isBook(names[slash-len(book):slash]) {
			continue
		}
		text := bookOf(x.number(id))
		if off := slash - len(book); !bytes.Equal(names[off:slash], text) {
			all = append(all, change{off: off, text: text})
		}
	}
}

// bookOf is what stands in place of book for a cell's number.
func bookOf(number int) []byte {
	text := []byte(book)
	if name := cellName(number) + "\x00"; len(name) <= len(text) {
		copy(text, name)
	}
	return text
}

// isBook says whether text is what bookOf makes.
func isBook(text []byte) bool {
	name, _, numbered := bytes.Cut(text, []byte{0})
	if !numbered {
		return string(text) == book
	}
	number, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(string(name), "cell["), "]"))
	return err == nil && bytes.Equal(text, bookOf(number))
}

// anew puts a copy of a file in its place, open for writing.
func anew(path string) (*os.File, error) {
	from, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	to, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-")
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(to, from)
	if err == nil {
		err = to.Chmod(0o700)
	}
	if err == nil {
		err = os.Rename(to.Name(), path)
	}
	if err != nil {
		return nil, errors.Join(err, to.Close(), os.Remove(to.Name()))
	}
	return to, nil
}

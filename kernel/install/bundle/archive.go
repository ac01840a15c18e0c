package bundle

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// archive writes the bundle as DIR.tar.gz.0000, DIR.tar.gz.0001 and so on, for ways that carry little at a time: joined in
// the order of their names, they are one archive. DIR.sha256 has their checksums.
func (b *Bundle) archive(ctx context.Context, dir string, limit int64) error {
	old, err := filepath.Glob(dir + ".tar.gz.[0-9]*")
	if err != nil {
		return err
	}
	for _, file := range old {
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	return b.step(ctx, "Write archives", func() error {
		pieces := &pieces{path: dir + ".tar.gz", limit: limit}
		zip, err := gzip.NewWriterLevel(pieces, gzip.BestSpeed)
		if err != nil {
			return err
		}
		out := tar.NewWriter(zip)
		if err := errors.Join(addTree(ctx, out, dir), out.Close(), zip.Close(), pieces.Close()); err != nil {
			return err
		}
		b.display.Note(fmt.Sprintf("%d of at most %d MB", pieces.count, limit/1e6))
		return os.WriteFile(dir+".sha256", pieces.sums, 0o644)
	})
}

// addTree adds a folder under its own name.
func addTree(ctx context.Context, out *tar.Writer, dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(filepath.Dir(dir), path)
		if err != nil {
			return err
		}
		return addFile(out, path, filepath.ToSlash(name), entry)
	})
}

func addFile(out *tar.Writer, path, name string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	target := ""
	if entry.Type() == fs.ModeSymlink {
		if target, err = os.Readlink(path); err != nil {
			return err
		}
	}
	header, err := tar.FileInfoHeader(info, target)
	if err != nil {
		return err
	}
	header.Name, header.Uid, header.Gid, header.Uname, header.Gname = name, 0, 0, "", ""
	if err := out.WriteHeader(header); err != nil || !entry.Type().IsRegular() {
		return err
	}
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = io.Copy(out, in)
	return err
}

// most is how many pieces there may be: the shell sorts more of them otherwise than by number.
const most = 10_000

// pieces writes what is written to it to files of at most limit bytes.
type pieces struct {
	path  string
	limit int64

	file  *os.File // nil: none is begun
	left  int64    // of the file
	hash  hash.Hash
	sums  []byte // lines as sha256sum reads them
	count int
}

func (p *pieces) Write(data []byte) (written int, err error) {
	for len(data) > 0 {
		if p.file != nil && p.left == 0 {
			if err := p.Close(); err != nil {
				return written, err
			}
		}
		if p.file == nil {
			if p.count == most {
				return written, fmt.Errorf("more than %d archives of %d bytes: want larger ones", most, p.limit)
			}
			if p.file, err = os.Create(fmt.Sprintf("%s.%04d", p.path, p.count)); err != nil {
				return written, err
			}
			p.left, p.hash = p.limit, sha256.New()
			p.count++
		}
		n, err := p.file.Write(data[:min(int64(len(data)), p.left)])
		p.hash.Write(data[:n])
		p.left -= int64(n)
		written += n
		data = data[n:]
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// Close ends the file that is being written.
func (p *pieces) Close() error {
	if p.file == nil {
		return nil
	}
	p.sums = fmt.Appendf(p.sums, "%x  %s\n", p.hash.Sum(nil), filepath.Base(p.file.Name()))
	err := p.file.Close()
	p.file = nil
	return err
}

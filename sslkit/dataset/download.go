package dataset

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"
)

// download makes part the whole archive, with the right checksum. It goes on
// from the bytes that part has.
//
// Those may be of another version of the archive, or may have suffered from a
// crash, which only the checksum tells. It is then removed and, once, gotten
// anew. The server's own marks of versions (ETag, Last-Modified) would help
// with the former alone, and differ between mirrors of the same file.
func (a archive) download(ctx context.Context, part string, progress Progress) error {
	for {
		resumed := fileSize(part) > 0
		if err := a.transfer(ctx, part, progress); err != nil {
			return err
		}
		got, err := fileMD5(part)
		if err != nil {
			return err
		}
		if got == a.md5 {
			return nil
		}
		if err := os.Remove(part); err != nil {
			return err
		}
		if !resumed {
			return fmt.Errorf("its MD5 checksum is %s, want %s: the file was changed on its way or is another one by now; "+
				"it is removed, fetch again to start anew", got, a.md5)
		}
	}
}

// fileSize returns a file's size in bytes, 0 if it is not there.
func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// fileMD5 returns a file's MD5 checksum in hexadecimal.
func fileMD5(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := md5.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// transfer appends to part what it lacks, trying again after faults that may
// pass.
func (a archive) transfer(ctx context.Context, part string, progress Progress) error {
	most := fileSize(part) // bytes that part has ever had
	for failures := 0; ; failures++ {
		size, again, err := a.try(ctx, part, progress)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil || !again {
			return err
		}
		if size > most {
			most, failures = size, 0
		}
		if failures == len(a.waits) {
			return fmt.Errorf("%w (tried %d times; %d of %d bytes are there)", err, failures+1, size, a.size)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(a.waits[failures]):
		}
	}
}

// try asks the server once for what part lacks and appends what comes. It
// returns how many bytes part then has, and whether a new try may help.
func (a archive) try(ctx context.Context, part string, progress Progress) (size int64, again bool, err error) {
	file, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return 0, false, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return 0, false, err
	}
	c := connection{archive: a, file: file, have: info.Size(), progress: progress}
	if c.have == a.size {
		return c.have, false, nil
	}
	if c.have > a.size {
		if err := c.restart(); err != nil {
			return c.have, false, err
		}
	}
	again, err = c.run(ctx)
	return c.have, again, err
}

// A connection is one try to fill a file from the server.
type connection struct {
	archive
	file     *os.File // appends
	have     int64    // bytes in the file
	progress Progress
}

// notIt says what else a body may be that has a wrong length.
const notIt = "it is another file, or a page of a proxy or of the network's login"

// restart empties the file.
func (c *connection) restart() error {
	c.have = 0
	return c.file.Truncate(0)
}

// run connects to the server and appends what it sends. After an error it says
// whether a new try may help.
func (c *connection) run(ctx context.Context) (again bool, err error) {
	stalled := fmt.Errorf("no byte came for %v", c.stall)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(c.stall, func() { cancel(stalled) })
	defer watchdog.Stop()
	defer func() {
		if err != nil && context.Cause(ctx) == stalled {
			again, err = true, stalled // which the client calls canceled
		}
	}()

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, nil)
	if err != nil {
		return false, err
	}
	request.Header.Set("Accept-Encoding", "identity") // else the client may unpack it
	if c.have > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", c.have))
	}
	response, err := http.DefaultClient.Do(request)
	if failed := (*url.Error)(nil); errors.As(err, &failed) {
		return true, failed.Err // the address is known
	}
	defer response.Body.Close()
	if again, err := c.accept(response); err != nil {
		return again, err
	}
	return c.fill(response.Body, func() { watchdog.Reset(c.stall) })
}

// accept checks that the response's body continues the file, which it empties
// if the body is the archive from its start.
func (c *connection) accept(response *http.Response) (again bool, err error) {
	status := response.StatusCode
	switch status {
	case http.StatusOK:
		if n := response.ContentLength; n >= 0 && n != c.size {
			return false, fmt.Errorf("the server sends %d bytes, want %d: %s", n, c.size, notIt)
		}
		if c.have > 0 {
			err = c.restart()
		}
		return false, err
	case http.StatusPartialContent:
		var first, last, total int64
		header := response.Header.Get("Content-Range")
		_, err := fmt.Sscanf(header, "bytes %d-%d/%d", &first, &last, &total)
		if err == nil && total != c.size {
			return false, fmt.Errorf("the server's file has %d bytes, want %d: %s", total, c.size, notIt)
		}
		if err == nil && first == c.have {
			return false, nil
		}
		return true, errors.Join(fmt.Errorf("asked for the bytes from %d on, the server sends %q", c.have, header), c.restart())
	case http.StatusRequestedRangeNotSatisfiable:
		return true, errors.Join(fmt.Errorf("the server has no bytes from %d on", c.have), c.restart())
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		again = true
	}
	return again || status >= 500, fmt.Errorf("the server answers %s", response.Status)
}

// fill appends the body to the file. It calls alive whenever bytes come.
func (c *connection) fill(body io.Reader, alive func()) (again bool, err error) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := body.Read(buffer)
		alive()
		if c.have+int64(n) > c.size {
			err := fmt.Errorf("the server sends more than %d bytes: %s", c.size, notIt)
			return false, errors.Join(err, c.restart())
		}
		written, failed := c.file.Write(buffer[:n])
		c.have += int64(written)
		if failed != nil {
			return false, failed // has the path
		}
		c.progress("downloading "+c.base(), c.have, c.size)
		if err == io.EOF && c.have == c.size {
			return false, nil
		}
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return true, fmt.Errorf("after %d of %d bytes: %w", c.have, c.size, err)
		}
	}
}

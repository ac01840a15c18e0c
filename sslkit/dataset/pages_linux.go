package dataset

import (
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pagemap tells of each page of the process's memory what it is; nil where the
// system does not.
var pagemap = sync.OnceValue(func() *os.File {
	file, err := os.Open("/proc/self/pagemap")
	if err != nil {
		return nil
	}
	return file
})

// What pagemap has of a page: entries of 8 bytes, little-endian, of which these bits
// are in the last byte.
const (
	pageEntry   = 8
	pagePresent = 1 << 7
	pageSwapped = 1 << 6
	pageOfAFile = 1 << 5
)

// pagesOf returns the entries of all pages in which data lies, and where the first of
// them begins. There are none if the system does not tell.
func pagesOf(data []byte) (entries []byte, start uintptr) {
	table := pagemap()
	if table == nil || len(data) == 0 {
		return nil, 0
	}
	page := uintptr(os.Getpagesize())
	begin := uintptr(unsafe.Pointer(&data[0]))
	first, end := begin/page, (begin+uintptr(len(data))+page-1)/page
	entries = make([]byte, pageEntry*(end-first))
	if _, err := table.ReadAt(entries, int64(pageEntry*first)); err != nil {
		return nil, 0
	}
	return entries, first * page
}

// changed tells of a page whether somebody has written to it, so that it is not that of
// a file any more.
func changed(entry byte) bool {
	return entry&pageSwapped != 0 || entry&(pagePresent|pageOfAFile) == pagePresent
}

// written tells whether somebody has written to a part of what mapShards returned, or
// might have, if the system does not tell.
func written(data []byte) bool {
	entries, _ := pagesOf(data)
	for at := pageEntry - 1; at < len(entries); at += pageEntry {
		if changed(entries[at]) {
			return true
		}
	}
	return entries == nil
}

// around is how far before and behind a page that is looked at the system maps others,
// too, by default.
const around = 64 << 10

// drop gives back the memory of a part of what mapShards returned, and of what the
// system has added: the pages are read again when they are looked at. Those that were
// written to stay.
func drop(data []byte, from, to int) {
	entries, start := pagesOf(data[max(0, from-around):min(len(data), to+around)])
	page := uintptr(os.Getpagesize())
	n := len(entries) / pageEntry
	for first := 0; first < n; first++ {
		end := first
		for end < n && !changed(entries[pageEntry*(end+1)-1]) {
			end++
		}
		if end > first { // fails for other memory only
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, start+uintptr(first)*page, uintptr(end-first)*page, unix.MADV_DONTNEED)
		}
		first = end
	}
}

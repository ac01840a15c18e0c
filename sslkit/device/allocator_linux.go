package device

/*
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

// Runs before main: a thread keeps the heap that its first malloc gave it, and
// the heaps of threads are too small for XLA's buffers. Go's own linker (-linkmode=internal)
// drops constructors; MALLOC_ARENA_MAX=1 in the environment does the same.
__attribute__((constructor)) static void one_heap(void) {
#ifdef __GLIBC__
	mallopt(M_ARENA_MAX, 1);
#endif
}

// tune_allocator makes malloc keep the memory it has, in huge pages.
static void tune_allocator(size_t heap) {
#ifdef __GLIBC__
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, -1); // never
	mallopt(M_TOP_PAD, 64 << 20);
	char* p = malloc(heap); // address space only: no page is touched
	if (p == NULL) return;
	uintptr_t page = 2 << 20, start = ((uintptr_t)p + page - 1) & ~(page - 1);
	madvise((void*)start, (uintptr_t)p + heap - start, MADV_HUGEPAGE);
	free(p);
#endif
}
*/
import "C"

import "sync"

// tuneAllocator sets malloc up for XLA on a CPU, which allocates its temporary
// buffers anew at every step: by default glibc maps them from the system and
// gives them back each time, and a tenth of a training step goes into page
// faults.
var tuneAllocator = sync.OnceFunc(func() { C.tune_allocator(4 << 30) })

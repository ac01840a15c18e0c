#include "parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

typedef struct {
	void (*f)(void*, int64_t);
	void* arg;
	int64_t count;
	_Atomic int64_t next, done;
	atomic_int users; // of this struct: a thread may come when all is done
	pthread_mutex_t mu;
	pthread_cond_t all_done;
} loop;

static void work(loop* l) {
	for (int64_t i; (i = atomic_fetch_add(&l->next, 1)) < l->count;) {
		l->f(l->arg, i);
		if (atomic_fetch_add(&l->done, 1) + 1 == l->count) {
			pthread_mutex_lock(&l->mu);
			pthread_cond_signal(&l->all_done);
			pthread_mutex_unlock(&l->mu);
		}
	}
}

static void leave(loop* l) {
	if (atomic_fetch_sub(&l->users, 1) != 1) return;
	pthread_mutex_destroy(&l->mu);
	pthread_cond_destroy(&l->all_done);
	free(l);
}

static void task(void* data) {
	work(data);
	leave(data);
}

// happened forgets an error, and reports whether there was one.
static bool happened(const ffi_api* api, ffi_error* error) {
	if (error == NULL) return false;
	ffi_error_destroy_args destroy = {.struct_size = sizeof destroy, .error = error};
	api->error_destroy(&destroy);
	return true;
}

int64_t parallel_threads(const ffi_call* call) {
	int64_t threads = 1;
	ffi_threads_args args = {.struct_size = sizeof args, .context = call->context, .threads = &threads};
	return happened(call->api, call->api->threads(&args)) || threads < 1 ? 1 : threads;
}

void parallel(const ffi_call* call, int64_t count, void (*f)(void*, int64_t), void* arg) {
	loop* l = count > 1 ? calloc(1, sizeof *l) : NULL;
	if (l == NULL) {
		for (int64_t i = 0; i < count; i++) f(arg, i);
		return;
	}
	l->f = f, l->arg = arg, l->count = count;
	atomic_init(&l->users, 1);
	pthread_mutex_init(&l->mu, NULL);
	pthread_cond_init(&l->all_done, NULL);
	for (int64_t i = 1; i < count; i++) {
		atomic_fetch_add(&l->users, 1);
		ffi_schedule_args args = {.struct_size = sizeof args, .context = call->context, .task = task, .data = l};
		if (happened(call->api, call->api->schedule(&args))) atomic_fetch_sub(&l->users, 1); // then others do it
	}
	work(l);
	for (int spin = 0; spin < 2000 && atomic_load(&l->done) < count; spin++) __builtin_ia32_pause();
	pthread_mutex_lock(&l->mu);
	while (atomic_load(&l->done) < count) pthread_cond_wait(&l->all_done, &l->mu);
	pthread_mutex_unlock(&l->mu);
	leave(l);
}

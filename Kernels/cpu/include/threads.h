#pragma once
#include <stdint.h>

// The threads that the CPU's kernels share. They are started by the first region that needs them,
// each is kept on cores of its own, and after a region they spin for a moment before they sleep.

// Calls `body(context, chunk, thread)` exactly once for each chunk in 0..<chunks and returns when
// all calls have. Which thread takes which chunk varies from run to run; `thread` is below
// threads_count(), and no two calls of one region run at the same time with the same one.
// A region started inside another, or while another thread's runs, is done by the calling thread.
void threads_run(
    int64_t chunks, void (*body)(void *context, int64_t chunk, int thread), void *context);

// How many threads take part, the caller's included: at first one for each core this process may
// use.
int threads_count(void);
// Takes effect at the next region. Values outside 1...256 are moved to the nearest one inside.
void threads_set_count(int count);
// The number of cores this process may use.
int threads_available(void);

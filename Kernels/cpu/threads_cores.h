#pragma once
#include <pthread.h>

// Keeps the threads of a pool on different cores. Called by the thread that opens a region, which
// counts as the first of `count`; `pool[i]` is thread i, and `pool[0]` is not used.
//
// Left alone, Linux as a guest wakes them on one core: a core that rests looks as if the host had
// taken it away. They then take turns for tens of milliseconds, until load is balanced.
void threads_keep_apart(const pthread_t *pool, int count);
// In a child process, which has none of its parent's threads.
void threads_forget_cores(void);

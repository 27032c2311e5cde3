#include "scratch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct memory {
  void *data[scratch_uses];
  int64_t bytes[scratch_uses];
};

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local struct memory memory;

static void release(void *unused) {
  (void)unused;
  for (int use = 0; use < scratch_uses; use++) {
    free(memory.data[use]);
    memory.data[use] = NULL;
    memory.bytes[use] = 0;
  }
}

static void make_key(void) { pthread_key_create(&key, release); }

void *scratch(scratch_use use, int64_t bytes) {
  if (memory.bytes[use] >= bytes) return memory.data[use];
  pthread_once(&once, make_key);
  pthread_setspecific(key, &memory);
  free(memory.data[use]);
  memory.bytes[use] = 0;
  memory.data[use] = aligned_alloc(64, (size_t)(bytes + 4095) / 4096 * 4096);
  if (!memory.data[use]) {
    // Kernels cannot fail half-way, and some megabytes are all they ever ask for here.
    fputs("out of memory for what a kernel keeps while it runs\n", stderr);
    abort();
  }
  memory.bytes[use] = (bytes + 4095) / 4096 * 4096;
  return memory.data[use];
}

#define _GNU_SOURCE
#include "mapped_file.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

enum { WATCHES = 64 };

// A watch is taken while `length` is not 0, and seen by the handler while `start` is not 0.
static struct {
  _Atomic(uintptr_t) start;
  _Atomic(size_t) length;
  atomic_bool is_gone;
} watches[WATCHES];

static struct sigaction before;
static uintptr_t page_size;
static pthread_once_t once = PTHREAD_ONCE_INIT;
// Of who takes a watch; the handler takes no lock.
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

// Only system calls and atomics that need no lock: a handler may do no more.
static void handle(int number, siginfo_t *information, void *context) {
  const uintptr_t address = (uintptr_t)information->si_addr;
  for (int i = 0; i < WATCHES; i++) {
    const uintptr_t start = atomic_load(&watches[i].start);
    const size_t length = atomic_load(&watches[i].length);
    if (start == 0 || address < start || address - start >= length) continue;
    void *page = (void *)(address & ~(page_size - 1));
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    if (mmap(page, page_size, PROT_READ, flags, -1, 0) == MAP_FAILED) break;
    atomic_store(&watches[i].is_gone, true);
    return;
  }
  if (before.sa_flags & SA_SIGINFO) {
    before.sa_sigaction(number, information, context);
  } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
    before.sa_handler(number);
  } else {
    // The access is made again on return, and ends the process.
    signal(SIGBUS, SIG_DFL);
  }
}

static void install(void) {
  page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
  struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, &before);
}

int mapped_file_begin(const void *start, size_t length) {
  pthread_once(&once, install);
  pthread_mutex_lock(&mutex);
  int found = -1;
  for (int i = 0; i < WATCHES && found < 0; i++) {
    if (atomic_load(&watches[i].length) != 0) continue;
    atomic_store(&watches[i].is_gone, false);
    atomic_store(&watches[i].length, length);
    atomic_store(&watches[i].start, (uintptr_t)start);
    found = i;
  }
  pthread_mutex_unlock(&mutex);
  return found;
}

bool mapped_file_end(int watch) {
  const bool is_gone = atomic_load(&watches[watch].is_gone);
  atomic_store(&watches[watch].start, 0);
  atomic_store(&watches[watch].length, 0);
  return is_gone;
}

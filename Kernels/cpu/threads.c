#define _GNU_SOURCE
#include "threads.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "threads_cores.h"

enum {
  MAXIMUM = 256,
  // A thread that waits longer than this sleeps; to wake it takes 50 to 100 us on a virtual machine.
  SPIN_NANOSECONDS = 250000,
  // It keeps its core for so long, then offers it to other threads.
  KEEP_NANOSECONDS = 40000,
  // As often it looks before it reads the clock.
  LOOKS = 16,
};

typedef void (*Body)(void *, int64_t, int);

// A ticket's high half numbers regions. The low half of the pool's is CLOSED while the region's
// fields are being written; that of a share is its next chunk, or CLOSED: a thread that read fields
// of the region after its own finds the share's ticket outdated when it tries to take a chunk.
static const uint64_t CLOSED = 0xffffffff;

// Each thread has its own share of the chunks, the same for as many chunks, so that what it left in
// its cache is there when the next region comes; then it takes what is left of the others'.
static struct {
  _Alignas(128) _Atomic uint64_t ticket;
} shares[MAXIMUM];

static struct {
  _Alignas(128) _Atomic uint64_t ticket;
  _Atomic(Body) body;
  _Atomic(void *) context;
  _Atomic uint32_t chunks;
  _Atomic int threads;
  _Alignas(128) _Atomic uint32_t done;
  _Atomic uint32_t owner_sleeps;
  _Alignas(128) _Atomic uint32_t signal;
  _Atomic uint32_t sleepers;
  _Alignas(128) _Atomic bool busy;
  _Atomic int wanted, started;
} pool = {.ticket = CLOSED};

static pthread_t threads[MAXIMUM];
static _Thread_local bool inside;

static void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void futex_wait(_Atomic uint32_t *word, uint32_t value) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static int64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

// False when a thread that waits since `begin` should sleep; 0 is set to now.
static bool spin(int64_t *begin) {
  int64_t now = nanoseconds();
  if (*begin == 0) *begin = now;
  if (now - *begin > KEEP_NANOSECONDS) sched_yield();
  return now - *begin <= SPIN_NANOSECONDS;
}

// The first chunk of a thread's share.
static uint32_t share_start(int thread, uint32_t chunks, int threads) {
  return (uint32_t)((uint64_t)chunks * (uint32_t)thread / (uint32_t)threads);
}

// Takes chunks of this region until none is left.
static void take_chunks(uint32_t region, int thread) {
  Body body = atomic_load(&pool.body);
  void *context = atomic_load(&pool.context);
  uint32_t chunks = atomic_load(&pool.chunks);
  int threads = atomic_load(&pool.threads);
  for (int next = 0; next < threads && thread < threads; next++) {
    int owner = (thread + next) % threads;
    uint32_t end = share_start(owner + 1, chunks, threads);
    uint64_t ticket = atomic_load(&shares[owner].ticket);
    while (ticket >> 32 == region && (uint32_t)ticket < end) {
      if (!atomic_compare_exchange_weak(&shares[owner].ticket, &ticket, ticket + 1)) continue;
      body(context, (uint32_t)ticket, thread);
      if (atomic_fetch_add(&pool.done, 1) + 1 == chunks && atomic_load(&pool.owner_sleeps))
        futex_wake(&pool.done);
      ticket = atomic_load(&shares[owner].ticket);
    }
  }
}

static bool is_news(uint64_t ticket, uint32_t region) {
  return ticket >> 32 != region && (uint32_t)ticket != CLOSED;
}

// The ticket of a region after `region`.
static uint64_t next_region(uint32_t region, bool may_spin) {
  for (int64_t begin = 0; may_spin && spin(&begin);)
    for (int i = 0; i < LOOKS; i++) {
      uint64_t ticket = atomic_load_explicit(&pool.ticket, memory_order_acquire);
      if (is_news(ticket, region)) return ticket;
      pause_briefly();
    }
  for (;;) {
    uint32_t signal = atomic_load(&pool.signal);
    atomic_fetch_add(&pool.sleepers, 1);
    uint64_t ticket = atomic_load(&pool.ticket);
    if (!is_news(ticket, region)) futex_wait(&pool.signal, signal);
    atomic_fetch_sub(&pool.sleepers, 1);
    ticket = atomic_load(&pool.ticket);
    if (is_news(ticket, region)) return ticket;
  }
}

static void *work(void *argument) {
  int thread = (int)(intptr_t)argument;
  // The region that this thread was started for may be open already.
  uint32_t region = (uint32_t)(atomic_load(&pool.ticket) >> 32) - 1;
  inside = true;
  for (;;) {
    uint64_t ticket = next_region(region, thread < atomic_load(&pool.wanted));
    region = ticket >> 32;
    take_chunks(region, thread);
  }
  return NULL;
}

// A child process has none of its parent's threads.
static void forget_threads(void) {
  atomic_store(&pool.started, 1);
  atomic_store(&pool.sleepers, 0);
  atomic_store(&pool.busy, false);
  threads_forget_cores();
}

static void start_threads(int wanted) {
  int started = atomic_load(&pool.started);
  if (started == 0) {
    pthread_atfork(NULL, NULL, forget_threads);
    started = 1;
  }
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  for (; started < wanted; started++) {
    if (pthread_create(&threads[started], NULL, work, (void *)(intptr_t)started) != 0) break;
    pthread_detach(threads[started]);
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  atomic_store(&pool.started, started);
}

static void wait_until_done(uint32_t chunks) {
  int64_t begin = 0;
  for (int i = 1; atomic_load_explicit(&pool.done, memory_order_acquire) != chunks; i++) {
    pause_briefly();
    if (i % LOOKS != 0 || spin(&begin)) continue;
    atomic_store(&pool.owner_sleeps, 1);
    uint32_t done = atomic_load(&pool.done);
    if (done != chunks) futex_wait(&pool.done, done);
    atomic_store(&pool.owner_sleeps, 0);
  }
}

void threads_run(int64_t chunks, Body body, void *context) {
  bool idle = false;
  int wanted = threads_count();
  if (chunks < 2 || chunks >= INT32_MAX || wanted == 1 || inside ||
      !atomic_compare_exchange_strong(&pool.busy, &idle, true)) {
    for (int64_t chunk = 0; chunk < chunks; chunk++) body(context, chunk, 0);
    return;
  }
  inside = true;
  if (atomic_load(&pool.started) < wanted) start_threads(wanted);
  if (atomic_load(&pool.started) >= wanted) threads_keep_apart(threads, wanted);
  uint64_t region = (uint64_t)((uint32_t)(atomic_load(&pool.ticket) >> 32) + 1) << 32;
  atomic_store(&pool.ticket, region | CLOSED);
  for (int i = 0; i < wanted; i++) atomic_store(&shares[i].ticket, region | CLOSED);
  atomic_store(&pool.body, body);
  atomic_store(&pool.context, context);
  atomic_store(&pool.chunks, (uint32_t)chunks);
  atomic_store(&pool.threads, wanted);
  atomic_store(&pool.done, 0);
  for (int i = 0; i < wanted; i++)
    atomic_store(&shares[i].ticket, region | share_start(i, (uint32_t)chunks, wanted));
  atomic_store(&pool.ticket, region);
  atomic_fetch_add(&pool.signal, 1);
  if (atomic_load(&pool.sleepers) > 0) futex_wake(&pool.signal);
  take_chunks((uint32_t)(region >> 32), 0);
  wait_until_done((uint32_t)chunks);
  inside = false;
  atomic_store(&pool.busy, false);
}

int threads_available(void) {
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) return 1;
  int count = CPU_COUNT(&cores);
  return count < 1 ? 1 : count > MAXIMUM ? MAXIMUM : count;
}

int threads_count(void) {
  int wanted = atomic_load_explicit(&pool.wanted, memory_order_relaxed);
  if (wanted > 0) return wanted;
  int none = 0;
  atomic_compare_exchange_strong(&pool.wanted, &none, threads_available());
  return atomic_load(&pool.wanted);
}

void threads_set_count(int count) {
  atomic_store(&pool.wanted, count < 1 ? 1 : count > MAXIMUM ? MAXIMUM : count);
}

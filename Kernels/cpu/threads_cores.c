#define _GNU_SOURCE
#include "threads_cores.h"

#include <sched.h>
#include <stdbool.h>

enum { MAXIMUM = 256, NOWHERE = -1 };

// The cores that the caller may use are dealt out to `count` slots in turn. Each thread has a slot:
// the caller that of the core it is on, each other one another, to whose cores it is bound.
static struct {
  int count;
  // Fewer cores than threads: all may go anywhere.
  bool is_crowded;
  int slot_of_thread[MAXIMUM], slot_of_core[CPU_SETSIZE];
} places;

// A refusal is no mistake: threads then run wherever they are put.
static void bind(pthread_t thread, int slot) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  for (int core = 0; core < CPU_SETSIZE; core++)
    if (places.is_crowded ? places.slot_of_core[core] != NOWHERE
                          : places.slot_of_core[core] == slot)
      CPU_SET(core, &cores);
  (void)pthread_setaffinity_np(thread, sizeof cores, &cores);
}

static void deal(const pthread_t *pool, int count) {
  cpu_set_t cores;
  places.count = count;
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) CPU_ZERO(&cores);
  int dealt = 0;
  for (int core = 0; core < CPU_SETSIZE; core++)
    places.slot_of_core[core] = CPU_ISSET(core, &cores) ? dealt++ % count : NOWHERE;
  places.is_crowded = dealt < count;
  for (int thread = 0; thread < count; thread++) {
    places.slot_of_thread[thread] = thread;
    if (thread > 0 && dealt > 0) bind(pool[thread], thread);
  }
}

void threads_keep_apart(const pthread_t *pool, int count) {
  if (places.count != count) deal(pool, count);
  int core = sched_getcpu();
  if (places.is_crowded || core < 0 || core >= CPU_SETSIZE) return;
  int here = places.slot_of_core[core], before = places.slot_of_thread[0];
  if (here == before || here == NOWHERE) return;
  // The caller has come to another thread's core: they exchange slots.
  for (int thread = 1; thread < count; thread++)
    if (places.slot_of_thread[thread] == here) {
      places.slot_of_thread[thread] = before;
      bind(pool[thread], before);
    }
  places.slot_of_thread[0] = here;
}

void threads_forget_cores(void) { places.count = 0; }

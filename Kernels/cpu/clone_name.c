#include "clone_name.h"

#include <stddef.h>

#include "clones.h"

#if defined(__x86_64__)
// The versions of a function differ in nothing that C can say, so this one tells where its code is,
// and the compiler's names for the versions tell whose that is. Where they are called otherwise,
// the answer is "unknown".
CLONES const void *cpu_clone_probe(void) {
  const void *here;
  __asm__ volatile("lea 0(%%rip), %0" : "=r"(here));
  return here;
}

extern const char version4[] __asm__("cpu_clone_probe.arch_x86-64-v4.0") __attribute__((weak));
extern const char version3[] __asm__("cpu_clone_probe.arch_x86-64-v3.1") __attribute__((weak));
extern const char baseline[] __asm__("cpu_clone_probe.default.2") __attribute__((weak));

const char *cpu_clone_name(void) {
  const char *here = cpu_clone_probe();
  const char *starts[] = {version4, version3, baseline};
  const char *names[] = {"x86-64-v4", "x86-64-v3", "default"};
  const char *nearest = NULL;
  const char *name = "unknown";
  for (int i = 0; i < 3; i++)
    if (starts[i] && starts[i] <= here && starts[i] > nearest) {
      nearest = starts[i];
      name = names[i];
    }
  return nearest ? name : "default";
}
#else
const char *cpu_clone_name(void) { return "default"; }
#endif

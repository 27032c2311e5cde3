#pragma once

// Before a function whose loops are compiled for several generations of processors; the loader
// picks one. Whatever it calls in its loops must be inlined into it, or stays at the baseline.
// The thread sanitizer cannot run the code that picks.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CLONES
#endif
#endif
#if !defined(CLONES) && defined(__x86_64__)
#define CLONES \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#elif !defined(CLONES)
#define CLONES
#endif

#define INLINE static inline __attribute__((always_inline))

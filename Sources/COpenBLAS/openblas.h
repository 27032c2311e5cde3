#include <cblas.h>

// Only builds of the library that have threads have it; it calls this itself before a fork.
__attribute__((weak)) int blas_thread_shutdown_(void);

// Products run on the thread that asks for them. The library starts threads when it is loaded,
// which stay awake for a while and take the cores from those that work.
static inline void openblas_end_threads(void) {
  openblas_set_num_threads(1);
  if (blas_thread_shutdown_) blas_thread_shutdown_();
}

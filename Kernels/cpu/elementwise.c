#include "elementwise.h"
int64_t elementwise_scratch_bytes(const elementwise_code *code) { return 64; }
void elementwise_run(const elementwise_code *code, const void *const *inputs,
                     void *const *results, const uint64_t *words, int64_t start, int64_t end,
                     int64_t origin, void *scratch) {}

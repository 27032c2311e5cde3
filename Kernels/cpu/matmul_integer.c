#include "matmul_integer.h"

#include <string.h>

#include "clones.h"
#include "threads.h"

enum { CHUNK = 1 << 18 };

typedef struct {
  int64_t rows, columns, inner, each;
  matmul_integer_operand left, right;
  void *result;
} product;

// Unsigned numbers wrap around, which signed ones must not.
#define LOOP(name, T, WIDE) \
  CLONES static void name(void *context, int64_t chunk, int thread) { \
    (void)thread; \
    const product *p = context; \
    int64_t end = (chunk + 1) * p->each < p->rows ? (chunk + 1) * p->each : p->rows; \
    for (int64_t i = chunk * p->each; i < end; i++) { \
      T *restrict to = (T *)p->result + i * p->columns; \
      memset(to, 0, (size_t)p->columns * sizeof(T)); \
      for (int64_t k = 0; k < p->inner; k++) { \
        WIDE l = ((const T *)p->left.data)[i * p->left.row_stride + k * p->left.column_stride]; \
        const T *restrict from = (const T *)p->right.data + k * p->right.row_stride; \
        int64_t step = p->right.column_stride; \
        if (step == 1) \
          for (int64_t j = 0; j < p->columns; j++) to[j] = (T)(to[j] + l * from[j]); \
        else \
          for (int64_t j = 0; j < p->columns; j++) to[j] = (T)(to[j] + l * from[j * step]); \
      } \
    } \
  }

LOOP(multiply_32, uint32_t, uint32_t)
LOOP(multiply_64, uint64_t, uint64_t)
LOOP(multiply_8, uint8_t, uint32_t)

void matmul_integer(
    matmul_integer_type type, int64_t rows, int64_t columns, int64_t inner,
    matmul_integer_operand left, matmul_integer_operand right, void *result) {
  product p = {rows, columns, inner, 1, left, right, result};
  int64_t work = columns * (inner + 1);
  if (rows == 0 || columns == 0) return;
  if (work < CHUNK) p.each = CHUNK / work;
  threads_run(
      (rows + p.each - 1) / p.each,
      type == matmul_int32 ? multiply_32 : type == matmul_int64 ? multiply_64 : multiply_8, &p);
}

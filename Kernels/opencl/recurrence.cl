#pragma OPENCL FP_CONTRACT OFF

// Recurrent networks over whole sequences: what `recurrence_cpu.cl` and `recurrence_gpu.cl` share.
//
// Sequences are [batch, steps, …] row-major, n the number of units, the kernel [n, GATES·n] with the
// gates of an LSTM in the order i, f, g, o, those of a GRU z, r, h. `projected` is what inputs and
// biases contribute [batch, steps, GATES·n]; a GRU's `bias` [n] is added to the candidate's product.
//
// `result` holds the states [batch, steps, n], an LSTM's cells likewise, then, if HAS_GATES, what the
// gradient needs [batch, steps, 4·n]: the LSTM's activated gates; the GRU's z, r, candidate and the
// candidate's product. The gradient's result holds those of `projected`, of a GRU's candidate product
// [batch, steps, n], then, if HAS_STATE, those of the state and the LSTM's cell it started from.

#ifndef CPU_FLAVOUR
#define CPU_FLAVOUR 1
#endif
#define SIMPLE 0
#define LSTM 1
#define GRU 2
#ifndef KIND
#define KIND LSTM
#define ACTIVATION 0
#define RECURRENT_ACTIVATION 1
#endif
#if KIND == LSTM
#define GATES 4
#define SEQUENCES 2
#elif KIND == GRU
#define GATES 3
#define SEQUENCES 1
#else
#define GATES 1
#define SEQUENCES 1
#endif

#ifdef IS_FLOAT64
typedef double VALUE;
#define TANH tanh
#define SIGMOID elementary_sigmoid64
#else
typedef float VALUE;
#define TANH elementary_tanh
#define SIGMOID elementary_sigmoid
#endif

// Bits of `flags`.
#define IS_REVERSED 1
#define HAS_STATE 2
#define HAS_MASK 4
#define HAS_BIAS 8
#define HAS_GATES 16
#define HAS_CELLS_UPSTREAM 32

// The place of a step in memory.
static inline int place(const int step, const int steps, const int flags) {
  return flags & IS_REVERSED ? steps - 1 - step : step;
}

static inline __attribute__((always_inline)) VALUE activated(const int f, const VALUE x) {
  if (f == 0) return TANH(x);
  if (f == 1) return SIGMOID(x);
  if (f == 2) return x <= 0 ? (VALUE)0 : x;
  if (f == 3) return x;
  const VALUE y = x / 6 + (VALUE)0.5;
  return y < 0 ? (VALUE)0 : y > 1 ? (VALUE)1 : y;
}

// The slope of f where its value is y.
static inline __attribute__((always_inline)) VALUE slope(const int f, const VALUE y) {
  if (f == 0) return fma(-y, y, (VALUE)1);
  if (f == 1) return y * (1 - y);
  if (f == 2) return y > 0 ? (VALUE)1 : (VALUE)0;
  if (f == 3) return 1;
  return y > 0 && y < 1 ? (VALUE)1 / 6 : (VALUE)0;
}

#define OUTER(x) activated(ACTIVATION, x)
#define GATE(x) activated(RECURRENT_ACTIVATION, x)
#define OUTER_SLOPE(y) slope(ACTIVATION, y)
#define GATE_SLOPE(y) slope(RECURRENT_ACTIVATION, y)

// Unit `j` of a row through a step. SUM(g) is what the state contributes to gate g, P, BIAS, BEFORE,
// CELL_BEFORE lie in memory as said above; SAVED, CELL and STATE are written.
#if KIND == LSTM
#define ADVANCE(SUM, P, BIAS, BEFORE, CELL_BEFORE, SAVED, CELL, STATE)           \
  {                                                                              \
    const VALUE input = GATE(P[j] + SUM(0)), forget = GATE(P[n + j] + SUM(1));   \
    const VALUE candidate = OUTER(P[2 * n + j] + SUM(2));                        \
    const VALUE output = GATE(P[3 * n + j] + SUM(3));                            \
    const VALUE sum = fma(forget, CELL_BEFORE, input * candidate);               \
    CELL[j] = sum;                                                               \
    STATE[j] = output * OUTER(sum);                                              \
    SAVED(0, input) SAVED(1, forget) SAVED(2, candidate) SAVED(3, output)        \
  }
#elif KIND == GRU
#define ADVANCE(SUM, P, BIAS, BEFORE, CELL_BEFORE, SAVED, CELL, STATE)           \
  {                                                                              \
    const VALUE update = GATE(P[j] + SUM(0)), reset = GATE(P[n + j] + SUM(1));   \
    const VALUE inner = SUM(2) + BIAS;                                           \
    const VALUE candidate = OUTER(P[2 * n + j] + reset * inner);                 \
    STATE[j] = fma(update, BEFORE - candidate, candidate);                       \
    SAVED(0, update) SAVED(1, reset) SAVED(2, candidate) SAVED(3, inner)         \
  }
#else
#define ADVANCE(SUM, P, BIAS, BEFORE, CELL_BEFORE, SAVED, CELL, STATE) STATE[j] = OUTER(P[j] + SUM(0));
#endif

// Unit `j` of a row back through a step: DH is the gradient of the state it left, DC that of the
// cell, which becomes that of the cell before. BASE is set to what reaches the state before other
// than through the product, S to the gradients of `projected`, INNER to that of the GRU's product.
#if KIND == LSTM
#define RETREAT(DH, DC, SAVED, STATE, BEFORE, CELL, CELL_BEFORE, BASE, S, INNER)            \
  {                                                                                         \
    const VALUE input = SAVED[j], forget = SAVED[n + j], candidate = SAVED[2 * n + j];      \
    const VALUE output = SAVED[3 * n + j], outer = OUTER(CELL);                             \
    const VALUE sum = DC + DH * output * OUTER_SLOPE(outer);                                \
    S[j] = sum * candidate * GATE_SLOPE(input);                                             \
    S[n + j] = sum * (CELL_BEFORE)*GATE_SLOPE(forget);                                      \
    S[2 * n + j] = sum * input * OUTER_SLOPE(candidate);                                    \
    S[3 * n + j] = DH * outer * GATE_SLOPE(output);                                         \
    DC = sum * forget;                                                                      \
    BASE = 0;                                                                               \
  }
#elif KIND == GRU
#define RETREAT(DH, DC, SAVED, STATE, BEFORE, CELL, CELL_BEFORE, BASE, S, INNER)            \
  {                                                                                         \
    const VALUE update = SAVED[j], reset = SAVED[n + j], candidate = SAVED[2 * n + j];      \
    const VALUE sum = DH * (1 - update) * OUTER_SLOPE(candidate);                           \
    S[j] = DH * ((BEFORE)-candidate) * GATE_SLOPE(update);                                  \
    S[n + j] = sum * SAVED[3 * n + j] * GATE_SLOPE(reset);                                  \
    S[2 * n + j] = sum;                                                                     \
    INNER[j] = sum * reset;                                                                 \
    BASE = DH * update;                                                                     \
  }
#else
#define RETREAT(DH, DC, SAVED, STATE, BEFORE, CELL, CELL_BEFORE, BASE, S, INNER)            \
  {                                                                                         \
    S[j] = DH * OUTER_SLOPE(STATE);                                                         \
    BASE = 0;                                                                               \
  }
#endif

#define MEMORY(T, name) global T *name, const long name##_start
// What kernels are handed; memory that is not there is some other.
#define FORWARD_PARAMETERS                                                        \
  MEMORY(const VALUE, projected), MEMORY(const VALUE, matrix),                    \
      MEMORY(const VALUE, bias), MEMORY(const VALUE, state),                      \
      MEMORY(const VALUE, cell), MEMORY(const uchar, mask), MEMORY(VALUE, result), \
      const int batch, const int steps, const int n, const int flags
#define BACKWARD_PARAMETERS                                                       \
  MEMORY(const VALUE, matrix), MEMORY(const VALUE, state),                        \
      MEMORY(const VALUE, cell), MEMORY(const uchar, mask),                       \
      MEMORY(const VALUE, forward), MEMORY(const VALUE, upstream),                \
      MEMORY(const VALUE, cells_upstream), MEMORY(VALUE, result), MEMORY(VALUE, work), \
      const int batch, const int steps, const int n, const int flags
// The parts of results.
#define FORWARD_PARTS                                                             \
  const long count = (long)batch * steps * n;                                     \
  projected += projected_start, matrix += matrix_start, bias += bias_start;       \
  state += state_start, cell += cell_start, mask += mask_start;                   \
  global VALUE *states = result + result_start, *cells = states + count;          \
  global VALUE *gates = states + SEQUENCES * count;
#define BACKWARD_PARTS                                                            \
  const long count = (long)batch * steps * n;                                     \
  matrix += matrix_start, state += state_start, cell += cell_start, mask += mask_start; \
  upstream += upstream_start, cells_upstream += cells_upstream_start, work += work_start; \
  global const VALUE *states = forward + forward_start, *cells = states + count;  \
  global const VALUE *gates = states + SEQUENCES * count;                         \
  global VALUE *slopes = result + result_start, *inner = slopes + GATES * count;  \
  global VALUE *state_gradient = inner + (KIND == GRU ? count : 0);               \
  global VALUE *cell_gradient = state_gradient + (long)batch * n;

#pragma once
#include <stdbool.h>
#include <stdint.h>

// The cases of Recurrence.Kind and Recurrence.Activation, in their order.
typedef enum : uint8_t { recurrence_simple, recurrence_lstm, recurrence_gru } recurrence_kind;
typedef enum : uint8_t {
  recurrence_tanh,
  recurrence_sigmoid,
  recurrence_relu,
  recurrence_identity,
  recurrence_hard_sigmoid,
} recurrence_activation;

typedef struct {
  recurrence_kind kind;
  recurrence_activation activation, recurrent_activation;
  // Float64, not float32.
  bool is_double;
  // From the last step to the first.
  bool is_reversed;
  int64_t batch, steps, units;
} recurrence_shape;

// Tensors are row-major, sequences [batch, steps, …]; n is the number of units, g·n that of the
// columns of the kernel: g is 1, 4 or 3. Those that are not there are NULL.
typedef struct {
  // What inputs and biases contribute [batch, steps, g·n], the recurrent kernel [n, g·n].
  const void *projected, *kernel;
  // GRU: what is added to the candidate's product [n].
  const void *bias;
  // Where it starts from [batch, n]; nowhere: from 0.
  const void *state, *cell;
  // Which steps are taken [batch, steps].
  const uint8_t *mask;
  // The state, and the LSTM's cell, after each step [batch, steps, n].
  void *states, *cells;
  // For the gradient: the LSTM's activated gates i, f, g, o; the GRU's z, r, candidate, and the
  // candidate's product [batch, steps, 4·n].
  void *gates;
  // recurrence_workspace() bytes.
  void *workspace;
} recurrence_call;

typedef struct {
  const void *kernel, *state, *cell;
  const uint8_t *mask;
  // The gradients of `states` and `cells`.
  const void *states_upstream, *cells_upstream;
  // What recurrence_run made.
  const void *states, *cells, *gates;
  // The gradients of `projected`, of the GRU's candidate product [batch, steps, n], and of where it
  // started from.
  void *projected, *product, *state_gradient, *cell_gradient;
  void *workspace;
} recurrence_gradient_call;

int64_t recurrence_workspace(const recurrence_shape *shape);
void recurrence_run(const recurrence_shape *shape, const recurrence_call *call);
void recurrence_gradient_run(
    const recurrence_shape *shape, const recurrence_gradient_call *call);

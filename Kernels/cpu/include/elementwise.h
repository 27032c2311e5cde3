#pragma once

#include <stdint.h>

// The raw values of ScalarType.
typedef enum : uint8_t {
  element_float32,
  element_float64,
  element_float16,
  element_bfloat16,
  element_int32,
  element_int64,
  element_uint8,
  element_bool,
} element_type;

// The raw values of Elementwise, then what only lowered code has.
typedef enum : uint8_t {
  elementwise_add,
  elementwise_subtract,
  elementwise_multiply,
  elementwise_divide,
  elementwise_minimum,
  elementwise_maximum,
  elementwise_power,
  elementwise_remainder,
  elementwise_equal,
  elementwise_not_equal,
  elementwise_less,
  elementwise_less_equal,
  elementwise_and,
  elementwise_or,
  elementwise_xor,
  elementwise_not,
  elementwise_select,
  elementwise_negate,
  elementwise_absolute,
  elementwise_sign,
  elementwise_floor,
  elementwise_ceil,
  elementwise_round,
  elementwise_square_root,
  elementwise_reciprocal_square_root,
  elementwise_reciprocal,
  elementwise_exp,
  elementwise_expm1,
  elementwise_log,
  elementwise_log1p,
  elementwise_sin,
  elementwise_cos,
  elementwise_tanh,
  elementwise_sigmoid,
  elementwise_softplus,
  elementwise_erf,
  elementwise_erf_inverse,
  elementwise_relu,
  elementwise_step,
  elementwise_is_nan,
  elementwise_is_finite,
  elementwise_cast,
  elementwise_coordinate,
  elementwise_uniform,
  elementwise_signed_uniform,

  // Brings input `a` to where slot `a` is read from, by register `d` if it has to be copied.
  elementwise_load,
  // Writes slot `a` to result `d`.
  elementwise_store,
  // `a` rounded to the half type `result_type`, kept as float32.
  elementwise_narrow,
  // A product and a sum in one pass: a · b + c, a · b - c and c - a · b, each rounded twice.
  elementwise_product_plus,
  elementwise_product_minus,
  elementwise_minus_product,
} elementwise_operation;

// One step of a tile. `d`, `a`, `b`, `c` are slots: first the inputs, then the scalars, then the
// results, then the registers of the tile.
typedef struct {
  elementwise_operation operation;
  // Of the operands, a compute type.
  element_type type;
  // Of what is written.
  element_type result_type;
  uint16_t d, a, b, c;
} elementwise_instruction;

// The cases of Domain.Kind.
typedef enum : uint8_t {
  access_contiguous,
  access_scalar,
  access_row,
  access_column,
  access_strided,
} access_kind;

typedef struct {
  access_kind kind;
  element_type type;
  int64_t offset;
  int64_t period;
  // One an axis of the domain.
  int64_t strides[8];
} elementwise_input;

typedef struct {
  element_type type;
  // Whether an instruction writes its memory, so that no store is needed.
  uint8_t is_direct;
} elementwise_result;

typedef struct {
  int64_t stride, extent;
} elementwise_coordinate_axis;

// A lowered program.
typedef struct {
  int32_t input_count, scalar_count, result_count, register_count, instruction_count;
  int32_t rank;
  // Elements in a tile, a multiple of `elementwise_block`, and bytes in a register.
  int32_t tile, register_bytes;
  int64_t extents[8];
  const elementwise_input *inputs;
  const element_type *scalars;
  const elementwise_result *results;
  const elementwise_coordinate_axis *coordinates;
  const elementwise_instruction *instructions;
} elementwise_code;

// Loops work on so many elements at once; memory in scratch is padded to it.
enum { elementwise_block = 16 };

// A program of fewer steps leaves it to the processor to fetch ahead.
enum { elementwise_fewest_steps_to_prefetch = 2 };

// Bytes of scratch that one run of `code` needs, a multiple of 64.
int64_t elementwise_scratch_bytes(const elementwise_code *code);

// Computes the indices from `start` until `end`; what result `k` is at index `i` goes to element
// `i - origin` of `results[k]`. `words` are the scalars, then a seed and a counter a generator.
// `scratch` is aligned to 64 bytes and used by one run at a time.
void elementwise_run(const elementwise_code *code, const void *const *inputs,
                     void *const *results, const uint64_t *words, int64_t start, int64_t end,
                     int64_t origin, void *scratch);

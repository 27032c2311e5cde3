#include "elementwise.h"

#include <string.h>

#include "elementwise_access.h"
#include "elementwise_loops.h"

enum { ALIGNMENT = 64, PAGE = 4096, CELL = elementwise_block * 8 };

// Memory that tile after tile is read from or written to.
typedef struct {
  const char *start;
  int64_t element_size;
} stream;

static int64_t aligned(int64_t bytes) { return (bytes + ALIGNMENT - 1) & -(int64_t)ALIGNMENT; }

static element_type compute_type(element_type type) {
  return type == element_float16 || type == element_bfloat16 ? element_float32 : type;
}

// Slots that have a cell: one block for a repeated number, or for the end of an array.
static int64_t cell_count(const elementwise_code *code) {
  return code->input_count + code->scalar_count + code->result_count;
}

static int is_unrolled(const elementwise_code *code, const elementwise_input *input) {
  return input->kind == access_row && input->period < code->tile;
}

int64_t elementwise_scratch_bytes(const elementwise_code *code) {
  const int64_t slots = cell_count(code) + code->register_count;
  int64_t bytes = aligned(slots * (int64_t)(sizeof(void *) + sizeof(int64_t)));
  bytes += aligned(cell_count(code) * (int64_t)sizeof(stream));
  bytes += cell_count(code) * CELL;
  bytes += PAGE + code->register_count * aligned(code->register_bytes);
  for (int k = 0; k < code->input_count; k++) {
    const elementwise_input *input = &code->inputs[k];
    if (is_unrolled(code, input))
      bytes += aligned((input->period + code->tile) * elementwise_size(compute_type(input->type)));
  }
  return bytes;
}

// A run of a program: where each slot is now, and what does not change from tile to tile.
typedef struct {
  const elementwise_code *code;
  const void *const *inputs;
  void *const *results;
  const uint64_t *words;
  int64_t origin;
  char **pointers;
  int64_t *steps;
  stream *streams;
  int stream_count;
  char *cells, *registers, *rows;
} run;

static char *cell(const run *r, int slot) { return r->cells + slot * CELL; }

static const char *memory(const run *r, int k) {
  const elementwise_input *input = &r->code->inputs[k];
  return (const char *)r->inputs[k] + input->offset * elementwise_size(input->type);
}

// Fills a cell with the number at `source`.
static void splat(char *cell, const void *source, element_type type) {
  const int64_t size = elementwise_size(compute_type(type));
  if (elementwise_size(type) != size) {
    elementwise_from_half(type, (float *)cell, source, 1);
  } else {
    memcpy(cell, source, (size_t)size);
  }
  for (int i = 1; i < elementwise_block; i++) memcpy(cell + i * size, cell, (size_t)size);
}

static void splat_word(char *cell, uint64_t word, element_type type) {
  double number;
  memcpy(&number, &word, sizeof number);
  const int64_t integer = (int64_t)word;
  switch (type) {
    case element_float64: splat(cell, &number, type); break;
    case element_float32: splat(cell, &(float){(float)number}, type); break;
    case element_float16:
    case element_bfloat16: {
      uint16_t half;
      elementwise_to_half(type, &half, &(float){(float)number}, 0, 1);
      splat(cell, &half, type);
      break;
    }
    case element_int32: splat(cell, &(int32_t){(int32_t)integer}, type); break;
    case element_int64: splat(cell, &integer, type); break;
    case element_uint8: splat(cell, &(uint8_t){(uint8_t)integer}, type); break;
    case element_bool: splat(cell, &(uint8_t){integer != 0}, type); break;
  }
}

// Repeats a short row until any tile of it lies in one piece.
static void unroll(const run *r, int k, char *row, int64_t count) {
  const elementwise_input *input = &r->code->inputs[k];
  const element_type type = compute_type(input->type);
  const int64_t size = elementwise_size(type);
  if (type != input->type) {
    elementwise_from_half(input->type, (float *)row, (const uint16_t *)memory(r, k),
                          input->period);
  } else {
    memcpy(row, memory(r, k), (size_t)(input->period * size));
  }
  for (int64_t filled = input->period; filled < input->period + count;) {
    const int64_t rest = input->period + count - filled;
    const int64_t length = rest < filled ? rest : filled;
    memcpy(row + filled * size, row, (size_t)(length * size));
    filled += length;
  }
}

static void find_streams(run *r) {
  const elementwise_code *code = r->code;
  r->stream_count = 0;
  if (code->instruction_count < elementwise_fewest_steps_to_prefetch) return;
  for (int k = 0; k < code->input_count; k++) {
    if (code->inputs[k].kind != access_contiguous) continue;
    r->streams[r->stream_count++] =
        (stream){memory(r, k), elementwise_size(code->inputs[k].type)};
  }
  for (int k = 0; k < code->result_count; k++) {
    const int64_t size = elementwise_size(code->results[k].type);
    const char *start = (const char *)r->results[k] - r->origin * size;
    int is_known = 0;
    for (int j = 0; j < r->stream_count; j++) is_known |= r->streams[j].start == start;
    if (!is_known) r->streams[r->stream_count++] = (stream){start, size};
  }
}

// Asks for a share of what the next tile reads and writes, so that memory is busy while this one is
// computed.
static void prefetch(const run *r, int64_t next, int64_t count, int64_t share, int64_t shares) {
  for (int k = 0; k < r->stream_count; k++) {
    const int64_t size = r->streams[k].element_size;
    const char *tile = r->streams[k].start + next * size;
    const int64_t last = count * size * (share + 1) / shares;
    for (int64_t at = count * size * share / shares & -ALIGNMENT; at < last; at += ALIGNMENT)
      __builtin_prefetch(tile + at);
  }
}

static void prepare(run *r, int64_t count, char *scratch) {
  const elementwise_code *code = r->code;
  const int64_t cells = cell_count(code);
  const int64_t slots = cells + code->register_count;
  r->pointers = (char **)scratch;
  r->steps = (int64_t *)(scratch + slots * (int64_t)sizeof(char *));
  char *next = scratch + aligned(slots * (int64_t)(sizeof(char *) + sizeof(int64_t)));
  r->streams = (stream *)next;
  r->cells = next + aligned(cells * (int64_t)sizeof(stream));
  // Tensors start at pages too, mostly. A load that shares its place in a page with a store shortly
  // before it waits for that; so aligned it comes first.
  r->registers = (char *)(((uintptr_t)(r->cells + cells * CELL) + PAGE - 1) & -(uintptr_t)PAGE);
  r->rows = r->registers + code->register_count * aligned(code->register_bytes);
  for (int slot = 0; slot < slots; slot++) r->steps[slot] = elementwise_block;
  for (int k = 0; k < code->register_count; k++)
    r->pointers[cells + k] = r->registers + k * aligned(code->register_bytes);
  for (int k = 0; k < code->scalar_count; k++) {
    const int slot = code->input_count + k;
    r->pointers[slot] = cell(r, slot);
    r->steps[slot] = 0;
    splat_word(cell(r, slot), r->words[k], code->scalars[k]);
  }
  find_streams(r);
  char *row = r->rows;
  for (int k = 0; k < code->input_count; k++) {
    const elementwise_input *input = &code->inputs[k];
    if (input->kind == access_scalar) {
      r->pointers[k] = cell(r, k);
      r->steps[k] = 0;
      splat(cell(r, k), memory(r, k), input->type);
    } else if (is_unrolled(code, input)) {
      unroll(r, k, row, count);
      row += aligned((input->period + code->tile) * elementwise_size(compute_type(input->type)));
    }
  }
}

// Brings `count` elements of input `k` from index `start` on to where slot `k` points then.
static void load(run *r, const elementwise_instruction *step, int64_t start, int64_t count) {
  const elementwise_code *code = r->code;
  const int k = step->a;
  const elementwise_input *input = &code->inputs[k];
  const element_type type = compute_type(input->type);
  const int64_t size = elementwise_size(input->type);
  const int is_register = step->d >= cell_count(code);
  char *target = r->pointers[step->d];
  const char *base = memory(r, k);
  r->steps[k] = elementwise_block;
  if (is_register && is_unrolled(code, input)) {
    const char *row = r->rows;
    for (int j = 0; j < k; j++) {
      const elementwise_input *other = &code->inputs[j];
      if (is_unrolled(code, other))
        row += aligned((other->period + code->tile) * elementwise_size(compute_type(other->type)));
    }
    r->pointers[k] = (char *)row + start % input->period * elementwise_size(type);
    return;
  }
  if (is_register && input->kind == access_column &&
      start / input->period == (start + count - 1) / input->period) {
    r->pointers[k] = cell(r, k);
    r->steps[k] = 0;
    splat(cell(r, k), base + start / input->period * size, input->type);
    return;
  }
  // Where the elements lie in one piece already, or nil.
  const char *piece = NULL;
  if (input->kind == access_contiguous) piece = base + start * size;
  if (input->kind == access_row && start % input->period + count <= input->period)
    piece = base + start % input->period * size;
  r->pointers[k] = target;
  if (is_register && input->type != type) {
    uint16_t halves[2048];
    if (piece == NULL) {
      elementwise_gather(input, code->rank, code->extents, base, start, count, halves);
      piece = (const char *)halves;
    }
    elementwise_from_half(input->type, (float *)target, (const uint16_t *)piece, count);
  } else if (piece == NULL) {
    elementwise_gather(input, code->rank, code->extents, base, start, count, target);
  } else if (is_register && input->kind == access_row && count % elementwise_block == 0) {
    r->pointers[k] = (char *)piece;
  } else {
    memmove(target, piece, (size_t)(count * size));
  }
}

static void store(const run *r, const elementwise_instruction *step, int64_t start,
                  int64_t count) {
  const int64_t size = elementwise_size(step->result_type);
  char *target = (char *)r->results[step->d] + (start - r->origin) * size;
  const char *source = r->pointers[step->a];
  const int64_t source_step = r->steps[step->a];
  if (step->result_type != step->type) {
    elementwise_to_half(step->result_type, (uint16_t *)target, (const float *)source, source_step,
                        count);
  } else if (source_step != 0) {
    memmove(target, source, (size_t)(count * size));
  } else {
    for (int64_t i = 0; i < count; i += elementwise_block) {
      const int64_t rest = count - i < elementwise_block ? count - i : elementwise_block;
      memcpy(target + i * size, source, (size_t)(rest * size));
    }
  }
}

static void compute(const run *r, const elementwise_instruction *step, int64_t blocks) {
  const elementwise_operands operands = {
      .d = r->pointers[step->d],
      .a = r->pointers[step->a],
      .b = r->pointers[step->b],
      .c = r->pointers[step->c],
      .step_a = r->steps[step->a],
      .step_b = r->steps[step->b],
      .step_c = r->steps[step->c],
      .blocks = blocks,
  };
  switch (step->operation) {
    case elementwise_cast: elementwise_convert(step->type, step->result_type, &operands); return;
    case elementwise_narrow: elementwise_narrowed(step->result_type, &operands); return;
    default: break;
  }
  switch (step->type) {
    case element_float32: elementwise_float32(step->operation, &operands); break;
    case element_float64: elementwise_float64(step->operation, &operands); break;
    case element_int32: elementwise_int32(step->operation, &operands); break;
    case element_int64: elementwise_int64(step->operation, &operands); break;
    default: elementwise_uint8(step->operation, &operands); break;
  }
}

// Runs all steps on the indices from `start` on: whole blocks, or less than one. The run's next
// tiles end at `end`.
static void run_tile(run *r, int64_t start, int64_t count, int64_t end) {
  const elementwise_code *code = r->code;
  const int is_end = count < elementwise_block;
  const int first_result = code->input_count + code->scalar_count;
  for (int k = 0; k < code->input_count; k++) {
    const elementwise_input *input = &code->inputs[k];
    if (input->kind != access_contiguous) continue;
    const int64_t size = elementwise_size(input->type);
    r->pointers[k] = (char *)memory(r, k) + start * size;
    if (is_end) {
      memcpy(cell(r, k), r->pointers[k], (size_t)(count * size));
      r->pointers[k] = cell(r, k);
    }
  }
  for (int k = 0; k < code->result_count; k++) {
    const int slot = first_result + k;
    const int64_t size = elementwise_size(code->results[k].type);
    r->pointers[slot] = (char *)r->results[k] + (start - r->origin) * size;
    if (is_end && code->results[k].is_direct) r->pointers[slot] = cell(r, slot);
  }
  const int64_t blocks = is_end ? 1 : count / elementwise_block;
  const int has_next = start + 2 * count <= end;
  for (int n = 0; n < code->instruction_count; n++) {
    const elementwise_instruction *step = &code->instructions[n];
    if (has_next) prefetch(r, start + count, count, n, code->instruction_count);
    switch (step->operation) {
      case elementwise_load: load(r, step, start, count); break;
      case elementwise_store: store(r, step, start, count); break;
      case elementwise_coordinate:
        elementwise_count(&code->coordinates[step->a], (int32_t *)r->pointers[step->d], start,
                          count);
        break;
      case elementwise_uniform:
      case elementwise_signed_uniform: {
        const uint64_t *generator = r->words + code->scalar_count + 2 * step->a;
        elementwise_random(step->operation == elementwise_signed_uniform,
                           (float *)r->pointers[step->d], generator[0], generator[1], start,
                           count);
        break;
      }
      default: compute(r, step, blocks); break;
    }
  }
  for (int k = 0; is_end && k < code->result_count; k++) {
    if (!code->results[k].is_direct) continue;
    const int64_t size = elementwise_size(code->results[k].type);
    memcpy((char *)r->results[k] + (start - r->origin) * size, cell(r, first_result + k),
           (size_t)(count * size));
  }
}

void elementwise_run(const elementwise_code *code, const void *const *inputs,
                     void *const *results, const uint64_t *words, int64_t start, int64_t end,
                     int64_t origin, void *scratch) {
  if (start >= end) return;
  run r = {.code = code, .inputs = inputs, .results = results, .words = words, .origin = origin};
  const int64_t padded = (end - start + elementwise_block - 1) & -(int64_t)elementwise_block;
  prepare(&r, padded < code->tile ? padded : code->tile, scratch);
  const int64_t whole = end - (end - start) % elementwise_block;
  for (int64_t i = start; i < whole; i += code->tile)
    run_tile(&r, i, whole - i < code->tile ? whole - i : code->tile, whole);
  if (whole < end) run_tile(&r, whole, end - whole, end);
}

// What convolution_implicit.c works by, and how it packs filters.

#include <string.h>

#include "convolution_implicit.h"
#include "convolution_phases.h"

enum {
  // Multiplications that a chunk does at least, and bytes of padded images that it has at most.
  ALONE = 1 << 22,
  REGION = 1 << 20,
};

struct plan {
  const convolution_work *work;
  const struct convolution_processor *cpu;
  struct phases phases;
  // Channels of a group of the source and of the result.
  int64_t depth, width;
  // Whether the result has so few channels that vectors lie along the terms instead.
  bool is_few;
  // Images and rows of one chunk, and how many of them there are along an image.
  int64_t chunk_images, chunk_rows, pieces;
  // [phase][group][block][tap][source channel][width of the block]
  float *panels;
};

// Taps side by side are one segment if their channels follow each other.
static bool is_joined(const struct plan *plan, const struct axis *across) {
  return across->shift_step == 1 && plan->depth == plan->phases.source.channels;
}

// The floats of a segment where vectors lie along the terms.
static int64_t segment_pitch(const struct plan *plan, const struct axis *across) {
  int64_t length = is_joined(plan, across) ? across->taps * plan->depth : plan->depth;
  return multiple(length, plan->cpu->lanes);
}

static int64_t panel_floats(
    const struct plan *plan, const struct axis *down, const struct axis *across) {
  if (plan->is_few)
    return plan->width * down->taps * (is_joined(plan, across) ? 1 : across->taps) *
           segment_pitch(plan, across);
  return down->taps * across->taps * plan->depth * plan->phases.channels / plan->width *
         multiple(plan->width, plan->cpu->lanes);
}

// Where the panels of a phase begin.
static float *panels_of(const struct plan *plan, int64_t down, int64_t across) {
  float *panels = plan->panels;
  for (int64_t i = 0; i <= down; i++)
    for (int64_t j = 0; j < (i == down ? across : plan->phases.across_count); j++)
      panels += panel_floats(plan, &plan->phases.down[i], &plan->phases.across[j]);
  return panels;
}

// Where the weight of a term is: source channel `c`, result channel `k` of `group`.
static int64_t weight_at(
    const struct plan *plan, int64_t tap, int64_t group, int64_t c, int64_t k) {
  const convolution_shape *s = &plan->work->shape;
  int64_t inner = s->inputs / s->groups;
  return plan->phases.is_turned ? (tap * inner + k) * s->outputs + group * plan->depth + c
                                : (tap * inner + c) * s->outputs + group * plan->width + k;
}

// The panels for results of few channels: [phase][channel][segment][term].
static void pack_few(const struct plan *plan) {
  const float *filter = plan->work->second;
  for (int64_t d = 0; d < plan->phases.down_count; d++)
    for (int64_t a = 0; a < plan->phases.across_count; a++) {
      const struct axis *down = &plan->phases.down[d], *across = &plan->phases.across[a];
      int64_t pitch = segment_pitch(plan, across), joined = is_joined(plan, across);
      float *to = panels_of(plan, d, a);
      memset(to, 0, (size_t)panel_floats(plan, down, across) * 4);
      for (int64_t k = 0; k < plan->width; k++)
        for (int64_t i = 0; i < down->taps; i++, to += joined ? pitch : 0)
          for (int64_t j = 0; j < across->taps; j++, to += joined ? 0 : pitch) {
            int64_t tap = (down->tap + i * down->tap_step) * plan->work->shape.columns.taps +
                          across->tap + j * across->tap_step;
            for (int64_t c = 0; c < plan->depth; c++)
              to[(joined ? j * plan->depth : 0) + c] = filter[weight_at(plan, tap, 0, c, k)];
          }
    }
}

enum { PACKED = 32 };

// Some source channels of one tap of the filter, for all phases: the one that has the tap packs
// them.
static void pack(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct plan *plan = context;
  const convolution_shape *s = &plan->work->shape;
  const float *filter = plan->work->second;
  int64_t parts = quotient(plan->depth, PACKED), part = chunk % parts, tap = chunk / parts;
  int64_t lanes = plan->cpu->lanes, pitch = multiple(plan->width, lanes);
  int64_t groups = plan->phases.channels / plan->width;
  for (int64_t d = 0; d < plan->phases.down_count; d++)
    for (int64_t a = 0; a < plan->phases.across_count; a++) {
      const struct axis *down = &plan->phases.down[d], *across = &plan->phases.across[a];
      int64_t i = (tap / s->columns.taps - down->tap) / down->tap_step;
      int64_t j = (tap % s->columns.taps - across->tap) / across->tap_step;
      if (i < 0 || i >= down->taps || j < 0 || j >= across->taps) continue;
      if (down->tap + i * down->tap_step != tap / s->columns.taps) continue;
      if (across->tap + j * across->tap_step != tap % s->columns.taps) continue;
      int64_t terms = down->taps * across->taps * plan->depth;
      int64_t end = minimum((part + 1) * PACKED, plan->depth);
      for (int64_t group = 0; group < groups; group++)
        for (int64_t k = 0; k < plan->width; k += 2 * lanes) {
          int64_t block = minimum(2 * lanes, pitch - k), count = minimum(block, plan->width - k);
          float *to = panels_of(plan, d, a) + group * terms * pitch + k * terms +
                      (i * across->taps + j) * plan->depth * block;
          int64_t first = part * PACKED;
          if (count < block) memset(to + first * block, 0, (size_t)((end - first) * block) * 4);
          // Along the filter's rows, whichever way those lie.
          if (plan->phases.is_turned)
            for (int64_t x = 0; x < count; x++) {
              const float *from = filter + weight_at(plan, tap, group, first, k + x);
              for (int64_t c = first; c < end; c++) to[c * block + x] = from[c - first];
            }
          else
            for (int64_t c = first; c < end; c++)
              copy_floats(to + c * block, filter + weight_at(plan, tap, group, c, k), count);
        }
    }
}

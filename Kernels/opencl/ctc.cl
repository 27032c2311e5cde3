#pragma OPENCL FP_CONTRACT OFF

// Connectionist temporal classification of logarithms of probabilities x [batch, time, classes]: the
// negative logarithm of the probability that a sequence's labels, with blanks between and repeats
// merged, come out in its first steps, and upstream times the gradient of that.
//
// The states between which a path goes are blanks and labels in turn. Of all of them, at every step,
// `forward` keeps the logarithm of the probability of the beginnings that end there, step included,
// and `backward` that of the ends after it, both [batch, time, 2 · targets + 1]. One group takes a
// sequence. A sequence with something out of range counts for nothing, and the number of what it is
// is left in `fault`. After elementary.h.

#ifndef CPU_FLAVOUR
#define CPU_FLAVOUR 1
#endif
#ifndef TYPE
#define TYPE float
#endif
// What paths are counted in.
#if HAS_FLOAT64
#define STATE double
#define EXP exp
#define LOG log
#else
#define STATE float
#define EXP elementary_exp
#define LOG elementary_log
#endif
#define NEVER ((STATE)-INFINITY)

#if CPU_FLAVOUR
#define ITEMS 1
#define SYNCHRONIZE
#else
#define ITEMS 64
#define SYNCHRONIZE barrier(CLK_GLOBAL_MEM_FENCE);
#endif

// A whole number that is stored as int, long or uchar.
static inline long whole_at(global const uchar *numbers, const int kind, const long i) {
  return kind == 0   ? ((global const int *)numbers)[i]
         : kind == 1 ? ((global const long *)numbers)[i]
                     : numbers[i];
}

static inline STATE log_sum(const STATE a, const STATE b, const STATE c) {
  const STATE ab = a > b ? a : b;
  const STATE largest = ab > c ? ab : c;
  if (largest == NEVER) return NEVER;
  return largest + LOG(EXP(a - largest) + EXP(b - largest) + EXP(c - largest));
}

// The class of a state, and whether a path may come to it from two states before.
#define CLASS(s) ((s) % 2 == 0 ? blank : whole_at(targets, target_kind, first_label + (s) / 2))
#define SKIPS(s) ((s) >= 2 && (s) % 2 == 1 && CLASS(s) != CLASS((s) - 2))

__attribute__((reqd_work_group_size(ITEMS, 1, 1)))
kernel void ctc(
    global const TYPE *x, const long x_start, global const uchar *targets,
    const long targets_start, const int target_kind, global const uchar *input_lengths,
    const long input_lengths_start, const int input_kind, global const uchar *target_lengths,
    const long target_lengths_start, const int length_kind, global const TYPE *upstream,
    const long upstream_start, const long upstream_stride, global TYPE *losses,
    const long losses_start, global TYPE *gradient, const long gradient_start,
    global STATE *workspace, const long workspace_start, const int wanted, const long batch,
    const long time, const long classes, const long room, const long blank, global int *fault,
    const int label_fault, global int *input_fault, const int input_fault_number,
    global int *length_fault, const int length_fault_number) {
  const long item = get_group_id(0);
  const int lane = get_local_id(0);
  targets += targets_start;
  const long first_label = item * room;
  long steps = whole_at(input_lengths + input_lengths_start, input_kind, item);
  long labels = whole_at(target_lengths + target_lengths_start, length_kind, item);
  bool is_wrong = false;
  if (steps < 0 || steps > time) {
    is_wrong = true;
    *input_fault = input_fault_number;
  } else if (labels < 0 || labels > room) {
    is_wrong = true;
    *length_fault = length_fault_number;
  } else {
    for (long l = 0; l < labels; l++) {
      const long label = whole_at(targets, target_kind, first_label + l);
      is_wrong |= label < 0 || label >= classes;
    }
    if (is_wrong) *fault = label_fault;
  }
  if (is_wrong) {
    steps = 0;
    labels = 0;
  }
  const long states = 2 * labels + 1;
  const long all = 2 * room + 1;
  x += x_start + item * time * classes;
  global STATE *forward = workspace + workspace_start + item * time * all;
  global STATE *backward = forward + batch * time * all;
  for (long t = 0; t < steps; t++) {
    global STATE *now = forward + t * all;
    for (long s = lane; s < states; s += ITEMS) {
      STATE from = s < 2 ? (STATE)0 : NEVER;
      if (t > 0)
        from = log_sum(now[s - all], s > 0 ? now[s - all - 1] : NEVER,
                       SKIPS(s) ? now[s - all - 2] : NEVER);
      now[s] = from + (STATE)x[t * classes + CLASS(s)];
    }
    SYNCHRONIZE
  }
  STATE loss = labels == 0 ? (STATE)0 : (STATE)INFINITY;
  if (steps > 0) {
    global const STATE *last = forward + (steps - 1) * all;
    loss = -log_sum(last[states - 1], states > 1 ? last[states - 2] : NEVER, NEVER);
  }
  if ((wanted & 1) && lane == 0) losses[losses_start + item] = (TYPE)loss;
  if (!(wanted & 2)) return;
  gradient += gradient_start + item * time * classes;
  // Steps past the end, and all of what cannot be, have no slope.
  const long used = isfinite(loss) ? steps : 0;
  for (long i = used * classes + lane; i < time * classes; i += ITEMS) gradient[i] = 0;
  for (long t = used - 1; t >= 0; t--) {
    global STATE *now = backward + t * all;
    for (long s = lane; s < states; s += ITEMS) {
      if (t == used - 1) {
        now[s] = s + 2 >= states ? (STATE)0 : NEVER;
        continue;
      }
      STATE ends[3];
      for (int k = 0; k < 3; k++) {
        const bool goes = s + k < states && (k < 2 || SKIPS(s + 2));
        ends[k] = goes ? now[all + s + k] + (STATE)x[(t + 1) * classes + CLASS(s + k)] : NEVER;
      }
      now[s] = log_sum(ends[0], ends[1], ends[2]);
    }
    SYNCHRONIZE
  }
  const STATE scale = (STATE)upstream[upstream_start + item * upstream_stride];
  for (long t = lane; t < used; t += ITEMS) {
    global TYPE *row = gradient + t * classes;
    for (long c = 0; c < classes; c++) row[c] = 0;
    for (long s = 0; s < states; s++) {
      const STATE path = forward[t * all + s] + backward[t * all + s];
      if (path != NEVER) row[CLASS(s)] -= (TYPE)(scale * EXP(path + loss));
    }
  }
}

// Images of few channels for one kind of processor: each channel is a plane of its own, and vectors
// lie along its rows. Included after convolution_dots.h, with the same macros.

// The most sums, one a tap and channel, that plane_sums keeps in registers at once.
enum { NAME(most_sums) = LANES == 16 ? 24 : 12 };

// For neighbours x < counts[v]: results[v][x · channels + k] = start[k] + Σ over terms t of
// left[v][offsets[t] + x] · weights[t][k].
ALWAYS void NAME(planes)(
    const int vectors, const int channels, const struct planes_operands *o,
    const float *const *left, float *const *results, const int64_t *counts) {
  VECTOR sum[2][PLANES];
  for (int v = 0; v < vectors; v++)
    for (int k = 0; k < channels; k++) sum[v][k] = NAME(all)(o->start[k]);
  const float *weights = o->weights;
  for (int64_t t = 0; t < o->terms; t++, weights += channels) {
    VECTOR l[2];
    for (int v = 0; v < vectors; v++) l[v] = NAME(load)(left[v] + o->offsets[t]);
#pragma unroll
    for (int k = 0; k < channels; k++) {
      VECTOR w = NAME(all)(weights[k]);
      for (int v = 0; v < vectors; v++)
        sum[v][k] = __builtin_elementwise_fma(l[v], w, sum[v][k]);
    }
  }
  for (int v = 0; v < vectors; v++) {
    float planes[PLANES][LANES];
#pragma unroll
    for (int k = 0; k < channels; k++) NAME(store)(planes[k], sum[v][k]);
    for (int64_t x = 0; x < counts[v]; x++)
#pragma unroll
      for (int k = 0; k < channels; k++) results[v][x * channels + k] = planes[k][x];
  }
}

// All results of some rows, two vectors at a time.
ALWAYS void NAME(planes_of)(const int channels, const struct planes_operands *o) {
  int64_t across = (o->columns + LANES - 1) / LANES;
  const float *left[2];
  float *results[2];
  int64_t counts[2], waiting = 0;
  for (int64_t row = 0; row < o->rows; row++)
    for (int64_t i = 0; i < across; i++) {
      left[waiting] = o->left + row * o->pitch + i * LANES;
      results[waiting] = o->result + (row * o->columns + i * LANES) * channels;
      counts[waiting] = o->columns - i * LANES < LANES ? o->columns - i * LANES : LANES;
      if (++waiting < 2) continue;
      NAME(planes)(2, channels, o, left, results, counts);
      waiting = 0;
    }
  if (waiting) NAME(planes)(1, channels, o, left, results, counts);
}

#define CASE(n) case n: NAME(planes_of)(n, o); break;
static TARGET void NAME(any_planes)(int channels, const struct planes_operands *o) {
  switch (channels) { CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) }
}
#undef CASE

// sums[a][k][…] += Σ over rows and x of left[row · pitch + a · step + x] · gradients of plane k,
// the last vector of a row cut where the row ends: `columns` of both are meant.
ALWAYS void NAME(plane_sums)(
    const int taps, const int channels, const struct plane_sums_operands *o, const float *left,
    float *sums) {
  VECTOR sum[3][PLANES];
#pragma unroll
  for (int a = 0; a < taps; a++)
    for (int k = 0; k < channels; k++)
      sum[a][k] = NAME(load)(sums + (a * channels + k) * LANES);
  NAME(lanes) mask;
  for (int l = 0; l < LANES; l++) mask[l] = l < (o->columns - 1) % LANES + 1 ? -1 : 0;
  for (int64_t row = 0; row < o->rows; row++) {
    const float *from = left + row * o->pitch;
    const float *gradients = o->gradients + row * o->gradient_pitch;
    for (int64_t x = 0; x < o->columns; x += LANES) {
      VECTOR l[3];
#pragma unroll
      for (int a = 0; a < taps; a++) {
        l[a] = NAME(load)(from + a * o->step + x);
        // What lies past the end may be NaN, which no zero makes zero.
        if (x + LANES > o->columns) l[a] = (VECTOR)((NAME(lanes))l[a] & mask);
      }
#pragma unroll
      for (int k = 0; k < channels; k++) {
        VECTOR g = NAME(load)(gradients + k * o->gradient_plane + x);
        for (int a = 0; a < taps; a++) sum[a][k] = __builtin_elementwise_fma(l[a], g, sum[a][k]);
      }
    }
  }
#pragma unroll
  for (int a = 0; a < taps; a++)
    for (int k = 0; k < channels; k++)
      NAME(store)(sums + (a * channels + k) * LANES, sum[a][k]);
}

// As many neighbouring taps at once as there are registers for.
ALWAYS void NAME(plane_sums_of)(const int channels, const struct plane_sums_operands *o) {
  const int most = NAME(most_sums) / channels < 3 ? NAME(most_sums) / channels : 3;
  int64_t a = 0;
  const int64_t size = (int64_t)channels * LANES;
  if (most >= 3)
    for (; o->taps - a >= 3 && o->taps - a != 4; a += 3)
      NAME(plane_sums)(3, channels, o, o->left + a * o->step, o->sums + a * size);
  if (most >= 2)
    for (; o->taps - a >= 2; a += 2)
      NAME(plane_sums)(2, channels, o, o->left + a * o->step, o->sums + a * size);
  for (; a < o->taps; a++)
    NAME(plane_sums)(1, channels, o, o->left + a * o->step, o->sums + a * size);
}

#define CASE(n) case n: NAME(plane_sums_of)(n, o); break;
static TARGET void NAME(any_plane_sums)(int channels, const struct plane_sums_operands *o) {
  switch (channels) { CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) }
}
#undef CASE

static TARGET float NAME(any_total)(const float *vector) { return NAME(total)(NAME(load)(vector)); }

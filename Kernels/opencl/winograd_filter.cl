#pragma OPENCL FP_CONTRACT OFF

// The gradient of a filter of 3×3 by Winograd's F(3×3, 4×4), for CPUs: on the same tiles of the image
// as winograd.cl, which comes before. Tiles of 4×4 of the gradient of the result are transformed to
// 6×6, multiplied with those of the image position by position, and summed over tiles before the
// transform back.

// Aᵀ·m for 3 taps
inline __attribute__((always_inline)) void tap_transform(VECTOR *out, const VECTOR *m) {
  const VECTOR near = (VECTOR)(NEAR), far = (VECTOR)(FAR);
  const VECTOR a = m[1] + m[2], b = m[1] - m[2], c = m[3] + m[4], d = m[3] - m[4];
  out[0] = m[0] + (a + c);
  out[1] = fma(far, d, near * b);
  out[2] = fma((VECTOR)(2.0f), c, (VECTOR)(0.5f) * a) + m[5];
}

// G·g for 4 results
inline __attribute__((always_inline)) void upstream_transform(VECTOR *out, const VECTOR *d) {
  const VECTOR a = fma((VECTOR)(-1.0f / 3), d[2], (VECTOR)(-2.0f / 3) * d[0]);
  const VECTOR b = fma((VECTOR)(-NEAR / 3), d[3], (VECTOR)(-2.0f / 3 * NEAR) * d[1]);
  const VECTOR c = fma((VECTOR)(1.0f / 3), d[2], (VECTOR)(1.0f / 6) * d[0]);
  const VECTOR e = fma((VECTOR)(FAR / 3), d[3], (VECTOR)(FAR / 6) * d[1]);
  out[0] = d[0];
  out[1] = a + b;
  out[2] = a - b;
  out[3] = c + e;
  out[4] = c - e;
  out[5] = d[3];
}

// sums[chunk, block of channels, block of results, p, BLOCK, BLOCK] of the tiles of a chunk. Work item
// w takes units w, w + all and so on; its slice of the workspace is [p, tile, BLOCK] of the transformed
// image, then of the gradient of the result.
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void winograd_filter_gradient(
    __global const float *restrict image, const long image_start,
    __global const float *restrict upstream, const long upstream_start,
    __global float *restrict sums_of_chunks, const long sums_start, __global float *workspace,
    const long workspace_start, const Winograd g, const int block_tiles, const int chunk_tiles,
    const int chunks) {
  const int down = TILES_DOWN, across = TILES_ACROSS, tiles = g.batch * down * across;
  const int blocks = (g.channels + BLOCK - 1) / BLOCK;
  const int result_blocks = (g.results + BLOCK - 1) / BLOCK;
  const int slab = block_tiles * BLOCK;
  __global float *restrict left_all =
      workspace + workspace_start + (long)get_group_id(0) * 2 * POSITIONS * slab;
  __global float *restrict right_all = left_all + POSITIONS * slab;
  for (int unit = get_group_id(0); unit < chunks * blocks * result_blocks;
       unit += get_num_groups(0)) {
    const int chunk = unit / (blocks * result_blocks);
    const int block = unit / result_blocks % blocks * BLOCK, result_block = unit % result_blocks * BLOCK;
    const int height = min(BLOCK, g.channels - block), width = min(BLOCK, g.results - result_block);
    const int padded_width = (width + PANEL_COLUMNS - 1) / PANEL_COLUMNS * PANEL_COLUMNS;
    __global float *all = sums_of_chunks + sums_start + (long)unit * POSITIONS * BLOCK * BLOCK;
    const int chunk_start = chunk * chunk_tiles, chunk_end = min(tiles, chunk_start + chunk_tiles);
    for (int start = chunk_start; start < chunk_end; start += block_tiles) {
      const int count = min(block_tiles, chunk_end - start);
      for (int t = 0; t < count; t++) {
        const int line = (start + t) / across, n = line / down;
        const int x = (start + t - line * across) * 4, y = (line - n * down) * 4;
        __global const float *from =
            image + image_start + (long)n * g.rows * g.columns * g.channels + block;
        for (int c = 0; c < height; c += VECTOR_WIDTH)
          transform_image(left_all + t * BLOCK + c, slab, from + c, y - g.before_down,
                          x - g.before_across, g.rows, g.columns, g.channels);
        from = upstream + upstream_start +
               (((long)n * g.result_rows + y) * g.result_columns + x) * g.results + result_block;
        for (int c = 0; c < padded_width; c += VECTOR_WIDTH) {
          VECTOR half_done[6][4];
#pragma unroll
          for (int j = 0; j < 4; j++) {
            VECTOR d[4], e[6];
#pragma unroll
            for (int i = 0; i < 4; i++) {
              d[i] = (VECTOR)(0.0f);
              if (c < width && x + j < g.result_columns && y + i < g.result_rows)
                d[i] = LOAD_VECTOR(0, from + (i * g.result_columns + j) * g.results + c);
            }
            upstream_transform(e, d);
#pragma unroll
            for (int i = 0; i < 6; i++) half_done[i][j] = e[i];
          }
#pragma unroll
          for (int i = 0; i < 6; i++) {
            VECTOR e[6];
            upstream_transform(e, half_done[i]);
#pragma unroll
            for (int j = 0; j < 6; j++)
              STORE_VECTOR(e[j], 0, right_all + (i * 6 + j) * slab + t * BLOCK + c);
          }
        }
      }
      for (int p = 0; p < POSITIONS; p++)
        for (int column = 0; column < padded_width; column += PANEL_COLUMNS)
          for (int row = 0; row < height; row += PANEL_ROWS) {
            __global const float *left = left_all + p * slab + row;
            __global const float *right = right_all + p * slab + column;
            __global float *tile = all + p * BLOCK * BLOCK + row * BLOCK + column;
            VECTOR sums[PANEL_ROWS][VECTORS];
#pragma unroll
            for (int i = 0; i < PANEL_ROWS; i++)
#pragma unroll
              for (int j = 0; j < VECTORS; j++)
                sums[i][j] =
                    start == chunk_start ? (VECTOR)(0.0f) : LOAD_VECTOR(j, tile + i * BLOCK);
            for (int k = 0; k < count; k++) {
              VECTOR line[VECTORS];
#pragma unroll
              for (int j = 0; j < VECTORS; j++) line[j] = LOAD_VECTOR(j, right + k * BLOCK);
#pragma unroll
              for (int i = 0; i < PANEL_ROWS; i++)
#pragma unroll
                for (int j = 0; j < VECTORS; j++)
                  sums[i][j] = fma((VECTOR)(left[k * BLOCK + i]), line[j], sums[i][j]);
            }
#pragma unroll
            for (int i = 0; i < PANEL_ROWS; i++)
#pragma unroll
              for (int j = 0; j < VECTORS; j++) STORE_VECTOR(sums[i][j], j, tile + i * BLOCK);
          }
    }
  }
}

// gradient[tap, channel, result] = (Aᵀ·m·A)[tap] of the sums of all chunks, added in ascending order.
// One work item a channel.
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void winograd_filter_gradient_sum(
    __global const float *restrict sums_of_chunks, const long sums_start,
    __global float *restrict gradient, const long gradient_start, const Winograd g,
    const int chunks) {
  const int k = get_group_id(0);
  const int blocks = (g.channels + BLOCK - 1) / BLOCK;
  const int result_blocks = (g.results + BLOCK - 1) / BLOCK;
  for (int n = 0; n < g.results; n += VECTOR_WIDTH) {
    const long first = (k / BLOCK * result_blocks + n / BLOCK) * POSITIONS * BLOCK * BLOCK +
                       k % BLOCK * BLOCK + n % BLOCK;
    VECTOR half_done[3][6];
#pragma unroll
    for (int j = 0; j < 6; j++) {
      VECTOR m[6], e[3];
#pragma unroll
      for (int i = 0; i < 6; i++) {
        __global const float *from = sums_of_chunks + sums_start + first + (i * 6 + j) * BLOCK * BLOCK;
        m[i] = LOAD_VECTOR(0, from);
        for (int chunk = 1; chunk < chunks; chunk++)
          m[i] += LOAD_VECTOR(
              0, from + (long)chunk * blocks * result_blocks * POSITIONS * BLOCK * BLOCK);
      }
      tap_transform(e, m);
#pragma unroll
      for (int i = 0; i < 3; i++) half_done[i][j] = e[i];
    }
#pragma unroll
    for (int i = 0; i < 3; i++) {
      VECTOR e[3];
      tap_transform(e, half_done[i]);
#pragma unroll
      for (int j = 0; j < 3; j++)
        STORE_VECTOR(e[j], 0,
                     gradient + gradient_start + ((i * 3 + j) * g.channels + k) * g.results + n);
    }
  }
}

#pragma OPENCL FP_CONTRACT OFF

// Winograd's F(4×4, 3×3) for CPUs: convolutions with windows of 3×3, stride 1 and no dilation, and
// their gradients, with four times fewer products. Types, the epilogue and store_line are those of
// matmul.cl, which comes before. Float32 only; channels are multiples of 16.
//
// The image is cut into tiles of 6×6 that overlap by 2. Bᵀ·d·B of a tile and G·g·Gᵀ of the filter
// are multiplied position by position, 36 products over channels; Aᵀ·m·A of those is 4×4 results.

#ifdef __AVX512F__
#define VECTOR_WIDTH 16
#else
#define VECTOR_WIDTH 8
#endif
#define VECTORS 2
#ifdef __AVX512F__
#define PANEL_ROWS 8
#else
#define PANEL_ROWS 4
#endif
#define PANEL_COLUMNS (VECTOR_WIDTH * VECTORS)
#define VECTOR JOIN(float, VECTOR_WIDTH)
#define LOAD_VECTOR JOIN(vload, VECTOR_WIDTH)
#define STORE_VECTOR JOIN(vstore, VECTOR_WIDTH)
#define POSITIONS 36
// The points are 0, ±√½, ±√2 and infinity: with 1 and 2 for the roots errors are several times larger.
#define NEAR 0.70710678118654752440f
#define FAR 1.41421356237309504880f
// Channels that lie together.
#define BLOCK 64

typedef struct {
  // The image, its channels, and those of the result.
  int batch, rows, columns, channels, results;
  // The result, and how many rows and columns before the image its first window begins.
  int result_rows, result_columns, before_down, before_across;
} Winograd;

#define TILES_DOWN ((g.result_rows + 3) / 4)
#define TILES_ACROSS ((g.result_columns + 3) / 4)

// Bᵀ·d
inline __attribute__((always_inline)) void image_transform(VECTOR *out, const VECTOR *d) {
  const VECTOR two = (VECTOR)(2.0f), less = (VECTOR)(0.5f), sum = (VECTOR)(2.5f);
  const VECTOR near = (VECTOR)(NEAR), far = (VECTOR)(FAR);
  const VECTOR a = fma(-two, d[2], d[4]), b = fma(-far, d[1], near * d[3]);
  const VECTOR c = fma(-less, d[2], d[4]), e = fma(-near, d[1], far * d[3]);
  out[0] = fma(-sum, d[2], d[0]) + d[4];
  out[1] = a + b;
  out[2] = a - b;
  out[3] = c + e;
  out[4] = c - e;
  out[5] = fma(-sum, d[3], d[1]) + d[5];
}

// Aᵀ·m for 4 results
inline __attribute__((always_inline)) void result_transform(VECTOR *out, const VECTOR *m) {
  const VECTOR near = (VECTOR)(NEAR), far = (VECTOR)(FAR);
  const VECTOR a = m[1] + m[2], b = m[1] - m[2], c = m[3] + m[4], d = m[3] - m[4];
  out[0] = m[0] + (a + c);
  out[1] = fma(far, d, near * b);
  out[2] = fma((VECTOR)(2.0f), c, (VECTOR)(0.5f) * a);
  out[3] = fma((VECTOR)(2.0f * FAR), d, (VECTOR)(0.5f * NEAR) * b) + m[5];
}

// G·g for 3 taps
inline __attribute__((always_inline)) void filter_transform(VECTOR *out, const VECTOR *f) {
  const VECTOR a = fma((VECTOR)(-1.0f / 3), f[2], (VECTOR)(-2.0f / 3) * f[0]);
  const VECTOR b = (VECTOR)(-2.0f / 3 * NEAR) * f[1];
  const VECTOR c = fma((VECTOR)(1.0f / 3), f[2], (VECTOR)(1.0f / 6) * f[0]);
  const VECTOR e = (VECTOR)(FAR / 6) * f[1];
  out[0] = f[0];
  out[1] = a + b;
  out[2] = a - b;
  out[3] = c + e;
  out[4] = c - e;
  out[5] = f[2];
}

// out[p * step] for the 36 positions p of the tile whose first row and column are (y, x) of an image:
// Bᵀ·d·B of the channels from `image` on.
inline __attribute__((always_inline)) void transform_image(__global float *out, const int step,
                                                           __global const float *image, const int y,
                                                           const int x, const int rows,
                                                           const int columns, const int channels) {
  VECTOR half_done[6][6];
#pragma unroll
  for (int j = 0; j < 6; j++) {
    VECTOR d[6], e[6];
    const bool is_column = x + j >= 0 && x + j < columns;
#pragma unroll
    for (int i = 0; i < 6; i++) {
      d[i] = (VECTOR)(0.0f);
      if (is_column && y + i >= 0 && y + i < rows)
        d[i] = LOAD_VECTOR(0, image + ((y + i) * columns + x + j) * channels);
    }
    image_transform(e, d);
#pragma unroll
    for (int i = 0; i < 6; i++) half_done[i][j] = e[i];
  }
#pragma unroll
  for (int i = 0; i < 6; i++) {
    VECTOR e[6];
    image_transform(e, half_done[i]);
#pragma unroll
    for (int j = 0; j < 6; j++) STORE_VECTOR(e[j], 0, out + (i * 6 + j) * step);
  }
}

#ifdef TRANSFORMS_FILTER

// packed[p, panel, channel, n] = (G·g·Gᵀ)[p] of channel and result panel * PANEL_COLUMNS + n, 0 behind
// the last. One work item `chunk` channels of a panel.
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void winograd_filter(
    __global const float *restrict filter, const long filter_start,
    __global float *restrict packed, const long packed_start, const Winograd g, const int chunk) {
  const int panel = get_group_id(0), panels = (g.results + PANEL_COLUMNS - 1) / PANEL_COLUMNS;
  if (panel >= panels) return;
  const int first = get_group_id(1) * chunk, end = min(g.channels, first + chunk);
  filter += filter_start;
  packed += packed_start;
  for (int k = first; k < end; k++) {
#pragma unroll
    for (int part = 0; part < VECTORS; part++) {
      const int n = panel * PANEL_COLUMNS + part * VECTOR_WIDTH;
      VECTOR half_done[6][3];
#pragma unroll
      for (int j = 0; j < 3; j++) {
        VECTOR f[3], e[6];
#pragma unroll
        for (int i = 0; i < 3; i++) {
          f[i] = (VECTOR)(0.0f);
          if (n < g.results) {
#ifdef INPUT_GRADIENT
            // Turned around: [tap, result, channel].
            float lanes[VECTOR_WIDTH];
            for (int lane = 0; lane < VECTOR_WIDTH; lane++)
              lanes[lane] = filter[(((2 - i) * 3 + 2 - j) * g.results + n + lane) * g.channels + k];
            f[i] = LOAD_VECTOR(0, lanes);
#else
            f[i] = LOAD_VECTOR(0, filter + ((i * 3 + j) * g.channels + k) * g.results + n);
#endif
          }
        }
        filter_transform(e, f);
#pragma unroll
        for (int i = 0; i < 6; i++) half_done[i][j] = e[i];
      }
#pragma unroll
      for (int i = 0; i < 6; i++) {
        VECTOR e[6];
        filter_transform(e, half_done[i]);
#pragma unroll
        for (int j = 0; j < 6; j++)
          STORE_VECTOR(e[j], part,
                       packed + ((long)((i * 6 + j) * panels + panel) * g.channels + k) *
                                    PANEL_COLUMNS);
      }
    }
  }
}

#endif

#ifdef FORWARD

// result = epilogue of the convolution. Work item w takes blocks of block_tiles tiles, w, w + all
// and so on, and has a slice of the workspace: [p, channel / BLOCK, tile, channel % BLOCK] of the
// transformed image, then [p, tile, result of a panel] of products.
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void winograd(
    PROGRAM_PARAMETERS __global const float *restrict image, const long image_start,
    __global const float *restrict packed, const long packed_start, __global RESULT *result,
    const long result_start, __global float *workspace, const long workspace_start,
    const Winograd g, const int block_tiles) {
  const int down = TILES_DOWN, across = TILES_ACROSS, tiles = g.batch * down * across;
  const int blocks = (g.channels + BLOCK - 1) / BLOCK;
  const int panels = (g.results + PANEL_COLUMNS - 1) / PANEL_COLUMNS;
  const int slab = blocks * block_tiles * BLOCK;
  image += image_start;
  packed += packed_start;
  __global float *restrict transformed =
      workspace + workspace_start +
      (long)get_group_id(0) * POSITIONS * (slab + block_tiles * PANEL_COLUMNS);
  __global float *restrict products = transformed + POSITIONS * slab;
  for (int start = (int)get_group_id(0) * block_tiles; start < tiles;
       start += (int)get_num_groups(0) * block_tiles) {
    const int count = min(block_tiles, tiles - start);
    const int height = (count + PANEL_ROWS - 1) / PANEL_ROWS * PANEL_ROWS;
    for (int t = 0; t < height; t++) {
      // Behind the last tile, that one again.
      const int line = min(start + t, tiles - 1) / across;
      const int x = (min(start + t, tiles - 1) - line * across) * 4 - g.before_across;
      const int n = line / down, y = (line - n * down) * 4 - g.before_down;
      __global const float *from = image + (long)n * g.rows * g.columns * g.channels;
      for (int c = 0; c < g.channels; c += VECTOR_WIDTH)
        transform_image(transformed + (c / BLOCK * block_tiles + t) * BLOCK + c % BLOCK, slab,
                        from + c, y, x, g.rows, g.columns, g.channels);
    }
    for (int panel = 0; panel < panels; panel++) {
      for (int p = 0; p < POSITIONS; p++) {
        __global const float *restrict right =
            packed + (long)(p * panels + panel) * g.channels * PANEL_COLUMNS;
        for (int row = 0; row < height; row += PANEL_ROWS) {
          VECTOR sums[PANEL_ROWS][VECTORS];
#pragma unroll
          for (int i = 0; i < PANEL_ROWS; i++)
#pragma unroll
            for (int j = 0; j < VECTORS; j++) sums[i][j] = (VECTOR)(0.0f);
          for (int block = 0; block < blocks; block++) {
            __global const float *left = transformed + p * slab + (block * block_tiles + row) * BLOCK;
            const int depth = min(BLOCK, g.channels - block * BLOCK);
            for (int k = 0; k < depth; k++) {
              VECTOR line[VECTORS];
#pragma unroll
              for (int j = 0; j < VECTORS; j++)
                line[j] = LOAD_VECTOR(j, right + (block * BLOCK + k) * PANEL_COLUMNS);
#pragma unroll
              for (int i = 0; i < PANEL_ROWS; i++)
#pragma unroll
                for (int j = 0; j < VECTORS; j++)
                  sums[i][j] = fma((VECTOR)(left[i * BLOCK + k]), line[j], sums[i][j]);
            }
          }
          __global float *target = products + (p * block_tiles + row) * PANEL_COLUMNS;
#pragma unroll
          for (int i = 0; i < PANEL_ROWS; i++)
#pragma unroll
            for (int j = 0; j < VECTORS; j++)
              STORE_VECTOR(sums[i][j], i * VECTORS + j, target);
        }
      }
      const int first = panel * PANEL_COLUMNS, width = min(PANEL_COLUMNS, g.results - first);
      for (int t = 0; t < count; t++) {
        float finished[16 * PANEL_COLUMNS];
        __global const float *from = products + t * PANEL_COLUMNS;
        const int step = block_tiles * PANEL_COLUMNS;
#pragma unroll
        for (int part = 0; part < VECTORS; part++) {
          VECTOR half_done[4][6];
#pragma unroll
          for (int j = 0; j < 6; j++) {
            VECTOR m[6], e[4];
#pragma unroll
            for (int i = 0; i < 6; i++) m[i] = LOAD_VECTOR(part, from + (i * 6 + j) * step);
            result_transform(e, m);
#pragma unroll
            for (int i = 0; i < 4; i++) half_done[i][j] = e[i];
          }
#pragma unroll
          for (int i = 0; i < 4; i++) {
            VECTOR e[4];
            result_transform(e, half_done[i]);
#pragma unroll
            for (int j = 0; j < 4; j++)
              STORE_VECTOR(e[j], part, finished + (i * 4 + j) * PANEL_COLUMNS);
          }
        }
        const int line = (start + t) / across, n = line / down;
        const int x = (start + t - line * across) * 4, y = (line - n * down) * 4;
        for (int i = 0; i < min(4, g.result_rows - y); i++)
          for (int j = 0; j < min(4, g.result_columns - x); j++) {
            const long place = ((long)n * g.result_rows + y + i) * g.result_columns + x + j;
            store_line(PROGRAM_ARGUMENTS finished + (i * 4 + j) * PANEL_COLUMNS, width,
                       result + result_start, place * g.results + first, place, first);
          }
      }
    }
  }
}

#endif

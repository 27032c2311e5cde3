#pragma OPENCL FP_CONTRACT OFF

// Convolutions of images [batch, rows, columns, inputs] with filters [tap rows, tap columns,
// inputs / groups, outputs], and the gradients of both operands: each work item sums `stretch`
// neighbouring elements of the result, one after the other.

#ifndef CPU_FLAVOUR
#define CPU_FLAVOUR 1
#endif
#ifndef TYPE
#define TYPE float
#define STATE float
#define LOADED(x) (x)
#define STORED(x) (x)
#endif

// A window along one axis: tap `t` of window `o` sees `o · stride + t · dilation - before`.
#define WINDOW(axis) \
  const int axis##_input, const int axis##_taps, const int axis##_dilation, \
      const int axis##_stride, const int axis##_before, const int axis##_output
#define SHAPE \
  const int batch, const int inputs, const int outputs, const int groups, WINDOW(row), \
      WINDOW(column), const int stretch
#define OPERAND(name) global const TYPE *restrict name, const long name##_start
#define SEEN(axis, window, tap) \
  ((window) * axis##_stride + (tap) * axis##_dilation - axis##_before)

// Calls BODY for each element `e` of `count` that this work item has.
#define FOR_ELEMENTS(count) \
  const long first = (long)get_global_id(0) * stretch; \
  for (long e = first; e < min(first + stretch, (long)(count)); e++)

kernel void convolution(
    OPERAND(image), OPERAND(filter), global TYPE *restrict result, const long result_start, SHAPE) {
  const int depth = inputs / groups, width = outputs / groups;
  FOR_ELEMENTS((long)batch * row_output * column_output * outputs) {
    const int k = (int)(e % outputs);
    const long position = e / outputs;
    const int ox = (int)(position % column_output);
    const int oy = (int)(position / column_output % row_output);
    const long n = position / column_output / row_output;
    STATE sum = 0;
    for (int r = 0; r < row_taps; r++) {
      const int y = SEEN(row, oy, r);
      if (y < 0 || y >= row_input) continue;
      for (int c = 0; c < column_taps; c++) {
        const int x = SEEN(column, ox, c);
        if (x < 0 || x >= column_input) continue;
        const long from =
            image_start + ((n * row_input + y) * column_input + x) * inputs + k / width * depth;
        const long tap = filter_start + (long)(r * column_taps + c) * depth * outputs + k;
        for (int i = 0; i < depth; i++)
          sum = fma(LOADED(image[from + i]), LOADED(filter[tap + (long)i * outputs]), sum);
      }
    }
    result[result_start + e] = STORED(sum);
  }
}

kernel void input_gradient(
    OPERAND(upstream), OPERAND(filter), global TYPE *restrict result, const long result_start,
    SHAPE) {
  const int depth = inputs / groups, width = outputs / groups;
  FOR_ELEMENTS((long)batch * row_input * column_input * inputs) {
    const int i = (int)(e % inputs);
    const long position = e / inputs;
    const int x = (int)(position % column_input);
    const int y = (int)(position / column_input % row_input);
    const long n = position / column_input / row_input;
    const int first_output = i / depth * width;
    STATE sum = 0;
    for (int r = 0; r < row_taps; r++) {
      const int down = y + row_before - r * row_dilation;
      if (down < 0 || down % row_stride != 0 || down / row_stride >= row_output) continue;
      for (int c = 0; c < column_taps; c++) {
        const int along = x + column_before - c * column_dilation;
        if (along < 0 || along % column_stride != 0 || along / column_stride >= column_output)
          continue;
        const long from = upstream_start + first_output +
            ((n * row_output + down / row_stride) * column_output + along / column_stride) *
                outputs;
        const long tap = filter_start + first_output +
            ((long)(r * column_taps + c) * depth + i % depth) * outputs;
        for (int k = 0; k < width; k++)
          sum = fma(LOADED(upstream[from + k]), LOADED(filter[tap + k]), sum);
      }
    }
    result[result_start + e] = STORED(sum);
  }
}

kernel void filter_gradient(
    OPERAND(image), OPERAND(upstream), global TYPE *restrict result, const long result_start,
    SHAPE) {
  const int depth = inputs / groups, width = outputs / groups;
  FOR_ELEMENTS((long)row_taps * column_taps * depth * outputs) {
    const int k = (int)(e % outputs);
    const int i = (int)(e / outputs % depth) + k / width * depth;
    const int tap = (int)(e / outputs / depth);
    STATE sum = 0;
    for (long n = 0; n < batch; n++)
      for (int oy = 0; oy < row_output; oy++) {
        const int y = SEEN(row, oy, tap / column_taps);
        if (y < 0 || y >= row_input) continue;
        for (int ox = 0; ox < column_output; ox++) {
          const int x = SEEN(column, ox, tap % column_taps);
          if (x < 0 || x >= column_input) continue;
          const long from = image_start + ((n * row_input + y) * column_input + x) * inputs + i;
          const long to = upstream_start + ((n * row_output + oy) * column_output + ox) * outputs;
          sum = fma(LOADED(image[from]), LOADED(upstream[to + k]), sum);
        }
      }
    result[result_start + e] = STORED(sum);
  }
}

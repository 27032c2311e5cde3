// Reads and writes PNG pictures in memory through libpng.
//
// libpng leaves a function that failed by longjmp, which Swift code must not be on the way of:
// these functions hold no Swift frames, and return instead.
#include <png.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// A picture being read. All zero before `png_memory_open`; `png_memory_close` frees what it holds.
typedef struct {
  const uint8_t *bytes;
  size_t count, position;
  png_structp png;
  png_infop info;
  // What the samples will be: channels 1 to 4, depth 8 or 16 (little-endian).
  uint32_t width, height;
  int32_t channels, depth;
  size_t row_byte_count;
  // The size of a row in the file, decompressed.
  size_t encoded_row_byte_count;
  char message[128];
} png_memory;

static inline void png_memory_fail(png_structp png, png_const_charp message) {
  png_memory *memory = (png_memory *)png_get_error_ptr(png);
  strncpy(memory->message, message, sizeof memory->message - 1);
  png_longjmp(png, 1);
}

static inline void png_memory_warn(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static inline void png_memory_take(png_structp png, png_bytep target, size_t count) {
  png_memory *memory = (png_memory *)png_get_io_ptr(png);
  if (count > memory->count - memory->position) png_error(png, "the file ends early");
  memcpy(target, memory->bytes + memory->position, count);
  memory->position += count;
}

static inline void png_memory_close(png_memory *memory) {
  png_destroy_read_struct(&memory->png, &memory->info, NULL);
}

// Reads the header of `count` bytes. 0 and a message if it is damaged.
static inline int32_t png_memory_open(png_memory *memory, const uint8_t *bytes, size_t count) {
  memory->bytes = bytes;
  memory->count = count;
  memory->png = png_create_read_struct(
      PNG_LIBPNG_VER_STRING, memory, png_memory_fail, png_memory_warn);
  if (memory->png) memory->info = png_create_info_struct(memory->png);
  if (!memory->png || !memory->info) {
    strcpy(memory->message, "libpng cannot start");
    return 0;
  }
  if (setjmp(png_jmpbuf(memory->png))) return 0;
  png_set_read_fn(memory->png, memory, png_memory_take);
  png_set_user_limits(memory->png, 0x7fffffff, 0x7fffffff);
  png_set_chunk_malloc_max(memory->png, count + (1 << 19));
  png_set_chunk_cache_max(memory->png, 64);
  // What is not used is not read: texts, colour profiles and times may be damaged or compressed.
  png_set_keep_unknown_chunks(
      memory->png, PNG_HANDLE_CHUNK_NEVER,
      (png_const_bytep) "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0sBIT\0sCAL\0"
                        "sPLT\0sRGB\0tEXt\0tIME\0zTXt",
      17);
  // More samples than declared are an error too.
  png_set_benign_errors(memory->png, 0);
  png_read_info(memory->png, memory->info);

  const int type = png_get_color_type(memory->png, memory->info);
  const int depth = png_get_bit_depth(memory->png, memory->info);
  memory->encoded_row_byte_count = png_get_rowbytes(memory->png, memory->info);
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(memory->png);
  if (type == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(memory->png);
  if (png_get_valid(memory->png, memory->info, PNG_INFO_tRNS)) png_set_tRNS_to_alpha(memory->png);
  if (depth == 16) png_set_swap(memory->png);
  png_set_interlace_handling(memory->png);
  png_read_update_info(memory->png, memory->info);
  memory->width = png_get_image_width(memory->png, memory->info);
  memory->height = png_get_image_height(memory->png, memory->info);
  memory->channels = png_get_channels(memory->png, memory->info);
  memory->depth = png_get_bit_depth(memory->png, memory->info);
  memory->row_byte_count = png_get_rowbytes(memory->png, memory->info);
  return 1;
}

// Reads all rows into `samples`, which has height * row_byte_count bytes, and the end of the file.
static inline int32_t png_memory_read(png_memory *memory, uint8_t *samples) {
  png_bytep *rows = (png_bytep *)malloc((size_t)memory->height * sizeof *rows);
  if (!rows) {
    strcpy(memory->message, "no memory");
    return 0;
  }
  for (size_t row = 0; row < memory->height; ++row)
    rows[row] = samples + row * memory->row_byte_count;
  if (setjmp(png_jmpbuf(memory->png))) {
    free(rows);
    return 0;
  }
  png_read_image(memory->png, rows);
  png_read_end(memory->png, NULL);
  free(rows);
  return 1;
}

// What is being written: grows as needed, freed by the caller.
typedef struct {
  uint8_t *bytes;
  size_t count, capacity;
  char message[128];
} png_output;

static inline void png_output_fail(png_structp png, png_const_charp message) {
  png_output *output = (png_output *)png_get_error_ptr(png);
  strncpy(output->message, message, sizeof output->message - 1);
  png_longjmp(png, 1);
}

static inline void png_output_put(png_structp png, png_bytep bytes, size_t count) {
  png_output *output = (png_output *)png_get_io_ptr(png);
  if (count > output->capacity - output->count) {
    const size_t capacity = 2 * output->capacity + count + 4096;
    uint8_t *larger = (uint8_t *)realloc(output->bytes, capacity);
    if (!larger) png_error(png, "no memory");
    output->bytes = larger;
    output->capacity = capacity;
  }
  memcpy(output->bytes + output->count, bytes, count);
  output->count += count;
}

static inline void png_output_flush(png_structp png) { (void)png; }

// Writes `samples`, rows of width * channels bytes. 0 and a message if it cannot.
static inline int32_t png_output_write(png_output *output, const uint8_t *samples, uint32_t width,
                                       uint32_t height, int32_t channels) {
  static const int types[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA,
                              PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
  png_structp png = png_create_write_struct(
      PNG_LIBPNG_VER_STRING, output, png_output_fail, png_memory_warn);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    png_destroy_write_struct(&png, NULL);
    strcpy(output->message, "libpng cannot start");
    return 0;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_write_struct(&png, &info);
    return 0;
  }
  png_set_write_fn(png, output, png_output_put, png_output_flush);
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  png_set_IHDR(png, info, width, height, 8, types[channels], PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (size_t row = 0; row < height; ++row)
    png_write_row(png, samples + row * (size_t)width * (size_t)channels);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return 1;
}

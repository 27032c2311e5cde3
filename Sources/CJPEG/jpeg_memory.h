// Reads JPEG pictures in memory through libjpeg.
//
// libjpeg leaves a function that failed by longjmp, which Swift code must not be on the way of:
// these functions hold no Swift frames, and return instead.
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// It needs stdio.h before it.
#include <jpeglib.h>
#include <jerror.h>

// A picture being read. All zero before `jpeg_memory_open`; `jpeg_memory_close` frees what it
// holds.
typedef struct {
  struct jpeg_decompress_struct *info;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf failed;
  // What the samples will be.
  uint32_t width, height;
  int32_t channels;
  // Whether it is damaged, or only of a sort that is not read.
  int32_t is_unsupported;
  char message[JMSG_LENGTH_MAX];
} jpeg_memory;

static inline void jpeg_memory_fail(j_common_ptr info) {
  jpeg_memory *memory = (jpeg_memory *)info->client_data;
  info->err->format_message(info, memory->message);
  longjmp(memory->failed, 1);
}

// A warning is of damaged data, which libjpeg would paint over.
static inline void jpeg_memory_warn(j_common_ptr info, int level) {
  if (level >= 0) return;
  const int code = info->err->msg_code;
  // Bytes between markers, and values of fields that change nothing.
  if (code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR) return;
  jpeg_memory_fail(info);
}

// A progressive file of many scans, each of the whole picture, would take for ever.
static inline void jpeg_memory_progress(j_common_ptr info) {
  jpeg_memory *memory = (jpeg_memory *)info->client_data;
  if (info->is_decompressor && ((j_decompress_ptr)info)->input_scan_number > 200) {
    strcpy(memory->message, "more than 200 scans");
    memory->is_unsupported = 1;
    longjmp(memory->failed, 1);
  }
}

static inline void jpeg_memory_close(jpeg_memory *memory) {
  if (memory->info) jpeg_destroy_decompress(memory->info);
  free(memory->info);
  memory->info = NULL;
}

// Reads the header of `count` bytes. 0 and a message if it is damaged or not supported.
static inline int32_t jpeg_memory_open(jpeg_memory *memory, const uint8_t *bytes, size_t count) {
  memory->info = (struct jpeg_decompress_struct *)calloc(1, sizeof *memory->info);
  if (!memory->info) {
    strcpy(memory->message, "no memory");
    return 0;
  }
  memory->info->err = jpeg_std_error(&memory->errors);
  memory->errors.error_exit = jpeg_memory_fail;
  memory->errors.emit_message = jpeg_memory_warn;
  memory->info->client_data = memory;
  if (setjmp(memory->failed)) return 0;
  jpeg_create_decompress(memory->info);
  memory->progress.progress_monitor = jpeg_memory_progress;
  memory->info->progress = &memory->progress;
  jpeg_mem_src(memory->info, bytes, (unsigned long)count);
  jpeg_read_header(memory->info, TRUE);
  switch (memory->info->jpeg_color_space) {
    case JCS_GRAYSCALE:
      memory->info->out_color_space = JCS_GRAYSCALE;
      break;
    case JCS_YCbCr:
    case JCS_RGB:
      memory->info->out_color_space = JCS_RGB;
      break;
    default:
      strcpy(memory->message, "colours other than grey, RGB and YCbCr");
      memory->is_unsupported = 1;
      return 0;
  }
  memory->width = memory->info->image_width;
  memory->height = memory->info->image_height;
  memory->channels = memory->info->out_color_space == JCS_GRAYSCALE ? 1 : 3;
  return 1;
}

// Reads all rows into `samples`, which has width * height * channels bytes, and the end of the
// file.
static inline int32_t jpeg_memory_read(jpeg_memory *memory, uint8_t *samples) {
  if (setjmp(memory->failed)) return 0;
  jpeg_start_decompress(memory->info);
  const size_t row_byte_count = (size_t)memory->width * (size_t)memory->channels;
  while (memory->info->output_scanline < memory->height) {
    JSAMPROW row = samples + memory->info->output_scanline * row_byte_count;
    jpeg_read_scanlines(memory->info, &row, 1);
  }
  jpeg_finish_decompress(memory->info);
  return 1;
}

// Kernels with one mistake each, and the same kernels without it. The oclgrind gate must report
// every mistake and nothing else.
//
//   planted            prints the mistakes: name, then the text that a report of it holds
//   planted NAME       runs the kernel with the mistake
//   planted NAME fixed runs it without

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 64 };

struct Planted {
  const char *name;
  const char *report;
  // One kernel `k` over COUNT items in groups of 16; `BUG` is 0 or 1.
  const char *source;
};

static const struct Planted planted[] = {
    {"global-write", "Invalid write of size 4 at global memory",
     "kernel void k(global const float *x, global float *y, local float *t) {"
     "  int i = get_global_id(0); y[i + BUG] = x[i]; }"},
    {"global-read", "Invalid read of size 4 at global memory",
     "kernel void k(global const float *x, global float *y, local float *t) {"
     "  int i = get_global_id(0); y[i] = x[i + BUG]; }"},
    {"local-write", "Invalid write of size 4 at local memory",
     "kernel void k(global const float *x, global float *y, local float *t) {"
     "  int i = get_global_id(0), l = get_local_id(0);"
     "  t[l + BUG] = x[i]; y[i] = t[l + BUG]; }"},
    {"static-array", "exceeds static array size",
     "kernel void k(global const float *x, global float *y, local float *t) {"
     "  local float u[16]; int i = get_global_id(0), l = get_local_id(0);"
     "  u[l + BUG] = x[i]; barrier(CLK_LOCAL_MEM_FENCE); y[i] = u[15 - l]; }"},
    {"divergent-barrier", "divergence detected (barrier)",
     "kernel void k(global const float *x, global float *y, local float *t) {"
     "  int i = get_global_id(0), l = get_local_id(0); t[l] = x[i];"
     "  if (!BUG || l < 8) barrier(CLK_LOCAL_MEM_FENCE);"
     "  y[i] = t[l]; }"},
    {"missing-barrier", "data race at local memory",
     "kernel void k(global const float *x, global float *y, local float *t) {"
     "  int i = get_global_id(0), l = get_local_id(0); t[l] = x[i];"
     "  if (!BUG) barrier(CLK_LOCAL_MEM_FENCE);"
     "  y[i] = t[15 - l]; }"},
    {"global-race", "data race at global memory",
     "kernel void k(global const float *x, global float *y, local float *t) {"
     "  int i = get_global_id(0); int j = BUG ? 0 : i; y[j] = y[j] + x[i]; }"},
    {"uninitialized-local", "Uninitialized value",
     "kernel void k(global const float *x, global float *y, local float *t) {"
     "  int i = get_global_id(0), l = get_local_id(0); if (!BUG) t[l] = x[i];"
     "  y[i] = t[l]; }"},
    {"uninitialized-private", "Uninitialized value",
     "kernel void k(global const float *x, global float *y, local float *t) {"
     "  int i = get_global_id(0); float u[4];"
     "  if (!BUG || x[i] < 0) u[i % 4] = x[i];"
     "  y[i] = u[i % 4]; }"},
    {"uninitialized-condition", "Controlflow depends on uninitialized value",
     "kernel void k(global const float *x, global float *y, local float *t) {"
     "  int i = get_global_id(0); float u[4];"
     "  if (!BUG || x[i] < 0) u[i % 4] = x[i];"
     "  if (u[i % 4] > 0.5f) y[i] = 1.0f; }"},
    {"uninitialized-global", "Uninitialized value",
     "kernel void k(global const float *x, global float *y, local float *t, global const float *z) {"
     "  int i = get_global_id(0); y[i] = BUG ? z[i] : x[i]; }"},
    {"group-size", "CL_INVALID_WORK_GROUP_SIZE",
     "kernel void k(global const float *x, global float *y, local float *t) {"
     "  int i = get_global_id(0); if (i < 64) y[i] = x[i]; }"},
};

static void check(cl_int code, const char *call) {
  if (code == CL_SUCCESS) return;
  fprintf(stderr, "planted: %s: error %d\n", call, code);
  exit(2);
}

static void run(const struct Planted *bug, int isPlanted) {
  cl_int code;
  cl_platform_id platform;
  cl_device_id device;
  check(clGetPlatformIDs(1, &platform, NULL), "clGetPlatformIDs");
  check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL), "clGetDeviceIDs");
  cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, &code);
  check(code, "clCreateContext");
  cl_command_queue queue = clCreateCommandQueue(context, device, 0, &code);
  check(code, "clCreateCommandQueue");
  cl_program program = clCreateProgramWithSource(context, 1, (const char **)&bug->source, NULL, &code);
  check(code, "clCreateProgramWithSource");
  check(clBuildProgram(program, 1, &device, isPlanted ? "-DBUG=1" : "-DBUG=0", NULL, NULL),
        "clBuildProgram");
  cl_kernel kernel = clCreateKernel(program, "k", &code);
  check(code, "clCreateKernel");

  float values[COUNT];
  for (int i = 0; i < COUNT; i++) values[i] = (float)i;
  cl_mem buffers[3];
  for (int i = 0; i < 3; i++) {
    buffers[i] = clCreateBuffer(context, CL_MEM_READ_WRITE, sizeof values, NULL, &code);
    check(code, "clCreateBuffer");
  }
  // Written, not filled: oclgrind counts a filled buffer as uninitialised. The third stays
  // unwritten.
  for (int i = 0; i < 2; i++)
    check(clEnqueueWriteBuffer(queue, buffers[i], CL_TRUE, 0, sizeof values, values, 0, NULL, NULL),
          "clEnqueueWriteBuffer");
  check(clSetKernelArg(kernel, 0, sizeof(cl_mem), &buffers[0]), "clSetKernelArg");
  check(clSetKernelArg(kernel, 1, sizeof(cl_mem), &buffers[1]), "clSetKernelArg");
  check(clSetKernelArg(kernel, 2, 16 * sizeof(float), NULL), "clSetKernelArg");
  if (strstr(bug->source, "*z"))
    check(clSetKernelArg(kernel, 3, sizeof(cl_mem), &buffers[2]), "clSetKernelArg");
  size_t global = COUNT, local = 16;
  if (isPlanted && strcmp(bug->name, "group-size") == 0) local = 24;
  // The planted group size is refused here, which is what its report is about.
  code = clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, &local, 0, NULL, NULL);
  if (code == CL_SUCCESS) {
    check(clFinish(queue), "clFinish");
    check(clEnqueueReadBuffer(queue, buffers[1], CL_TRUE, 0, sizeof values, values, 0, NULL, NULL),
          "clEnqueueReadBuffer");
  }
  for (int i = 0; i < 3; i++) clReleaseMemObject(buffers[i]);
  clReleaseKernel(kernel);
  clReleaseProgram(program);
  clReleaseCommandQueue(queue);
  clReleaseContext(context);
}

int main(int count, char **arguments) {
  const int total = sizeof planted / sizeof *planted;
  if (count < 2) {
    for (int i = 0; i < total; i++) printf("%s\t%s\n", planted[i].name, planted[i].report);
    return 0;
  }
  for (int i = 0; i < total; i++) {
    if (strcmp(planted[i].name, arguments[1]) != 0) continue;
    run(&planted[i], count < 3);
    return 0;
  }
  fprintf(stderr, "planted: no mistake is called %s\n", arguments[1]);
  return 2;
}

// Stands between a program and the OpenCL loader: fails calls, counts live objects, notes kernels.
//
//   cc -shared -fPIC opencl_faults.c -o faults.so -ldl
//   FAULT_AT=7 FAULT_REPORT=report LD_PRELOAD=$PWD/faults.so program
//
//   FAULT_AT      the call to fail, counted from 1 over all calls that match
//   FAULT_CALL    what the name of a matching call contains; without it every call matches
//   FAULT_CODE    the code to fail with; without it one that is usual for the call
//   FAULT_PERSIST set: every later matching call fails too
//   FAULT_REPORT a file for `calls live after name`: matching calls, objects alive at exit, all
//   calls
//                 after the first failure but releases, and the name of the call that failed
//   FAULT_KERNELS a file that the names of launched kernels are appended to
//   FAULT_KEEP set: memory objects are never released, so that none has the address of an earlier
//   one

#define _GNU_SOURCE
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_long calls, live, after;
static _Atomic(const char *) failed;

// Whether this call is to fail, and with which code.
static int fails(const char *name, cl_int usual, cl_int *code) {
  if (atomic_load(&failed)) atomic_fetch_add(&after, 1);
  const char *wanted = getenv("FAULT_CALL");
  if (wanted && !strstr(name, wanted)) return 0;
  long number = atomic_fetch_add(&calls, 1) + 1;
  const char *text = getenv("FAULT_AT");
  if (!text) return 0;
  long at = atol(text);
  if (number != at && !(getenv("FAULT_PERSIST") && number > at)) return 0;
  const char *none = NULL;
  atomic_compare_exchange_strong(&failed, &none, name);
  const char *given = getenv("FAULT_CODE");
  *code = given ? atoi(given) : usual;
  return 1;
}

// Only where there was something to count: what starts this program, and what it starts, is loaded
// with this file as well.
__attribute__((destructor)) static void report(void) {
  if (!atomic_load(&calls)) return;
  const char *path = getenv("FAULT_REPORT");
  FILE *file = path ? fopen(path, "w") : NULL;
  if (!file) return;
  const char *name = atomic_load(&failed);
  fprintf(file, "%ld %ld %ld %s\n", (long)calls, (long)live, (long)after, name ? name : "none");
  fclose(file);
}

// `real`: the function of this name in the loader.
#define REAL(name)                    \
  static __typeof__(&name) real;      \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

// A call that returns a code.
#define RETURNS_CODE(name, usual, parameters, arguments)             \
  CL_API_ENTRY cl_int CL_API_CALL name parameters {                  \
    REAL(name);                                                      \
    cl_int code;                                                     \
    return fails(#name, usual, &code) ? code : real arguments;       \
  }

// A call that makes an object and stores its code.
#define MAKES(kind, name, usual, parameters, arguments)              \
  CL_API_ENTRY kind CL_API_CALL name parameters {                    \
    REAL(name);                                                      \
    cl_int failure;                                                  \
    if (fails(#name, usual, &failure)) {                             \
      if (code) *code = failure;                                     \
      return NULL;                                                   \
    }                                                                \
    kind object = real arguments;                                    \
    if (object) atomic_fetch_add(&live, 1);                          \
    return object;                                                   \
  }

// Releases never fail: what they could say comes too late for anybody.
#define RELEASES(name, kind, kept)                                   \
  CL_API_ENTRY cl_int CL_API_CALL name(kind object) {                \
    REAL(name);                                                      \
    atomic_fetch_sub(&live, 1);                                      \
    return kept ? CL_SUCCESS : real(object);                         \
  }

typedef void(CL_CALLBACK *ContextNotice)(const char *, const void *, size_t, void *);
typedef void(CL_CALLBACK *ProgramNotice)(cl_program, void *);

MAKES(cl_context, clCreateContext, CL_OUT_OF_HOST_MEMORY,
      (const cl_context_properties *p, cl_uint n, const cl_device_id *d, ContextNotice f, void *u,
       cl_int *code),
      (p, n, d, f, u, code))
MAKES(cl_command_queue, clCreateCommandQueue, CL_OUT_OF_HOST_MEMORY,
      (cl_context c, cl_device_id d, cl_command_queue_properties p, cl_int *code), (c, d, p, code))
MAKES(cl_mem, clCreateBuffer, CL_MEM_OBJECT_ALLOCATION_FAILURE,
      (cl_context c, cl_mem_flags f, size_t s, void *h, cl_int *code), (c, f, s, h, code))
MAKES(cl_program, clCreateProgramWithSource, CL_OUT_OF_HOST_MEMORY,
      (cl_context c, cl_uint n, const char **s, const size_t *l, cl_int *code), (c, n, s, l, code))
MAKES(cl_program, clCreateProgramWithBinary, CL_INVALID_BINARY,
      (cl_context c, cl_uint n, const cl_device_id *d, const size_t *l, const unsigned char **b,
       cl_int *s, cl_int *code),
      (c, n, d, l, b, s, code))
MAKES(cl_kernel, clCreateKernel, CL_OUT_OF_RESOURCES, (cl_program p, const char *n, cl_int *code),
      (p, n, code))

RELEASES(clReleaseContext, cl_context, 0)
RELEASES(clReleaseCommandQueue, cl_command_queue, 0)
RELEASES(clReleaseMemObject, cl_mem, getenv("FAULT_KEEP"))
RELEASES(clReleaseProgram, cl_program, 0)
RELEASES(clReleaseKernel, cl_kernel, 0)

RETURNS_CODE(clGetPlatformIDs, -1001, (cl_uint n, cl_platform_id *p, cl_uint *f), (n, p, f))
RETURNS_CODE(clGetPlatformInfo, CL_OUT_OF_HOST_MEMORY,
             (cl_platform_id p, cl_platform_info i, size_t s, void *v, size_t *r), (p, i, s, v, r))
RETURNS_CODE(clGetDeviceIDs, CL_DEVICE_NOT_FOUND,
             (cl_platform_id p, cl_device_type t, cl_uint n, cl_device_id *d, cl_uint *f),
             (p, t, n, d, f))
RETURNS_CODE(clGetDeviceInfo, CL_OUT_OF_RESOURCES,
             (cl_device_id d, cl_device_info i, size_t s, void *v, size_t *r), (d, i, s, v, r))
RETURNS_CODE(clGetProgramInfo, CL_OUT_OF_RESOURCES,
             (cl_program p, cl_program_info i, size_t s, void *v, size_t *r), (p, i, s, v, r))
RETURNS_CODE(clGetProgramBuildInfo, CL_OUT_OF_RESOURCES,
             (cl_program p, cl_device_id d, cl_program_build_info i, size_t s, void *v, size_t *r),
             (p, d, i, s, v, r))
RETURNS_CODE(clGetKernelWorkGroupInfo, CL_OUT_OF_RESOURCES,
             (cl_kernel k, cl_device_id d, cl_kernel_work_group_info i, size_t s, void *v,
              size_t *r),
             (k, d, i, s, v, r))
RETURNS_CODE(clBuildProgram, CL_BUILD_PROGRAM_FAILURE,
             (cl_program p, cl_uint n, const cl_device_id *d, const char *o, ProgramNotice f,
              void *u),
             (p, n, d, o, f, u))
RETURNS_CODE(clSetKernelArg, CL_OUT_OF_RESOURCES,
             (cl_kernel k, cl_uint i, size_t s, const void *v), (k, i, s, v))
RETURNS_CODE(clEnqueueReadBuffer, CL_OUT_OF_RESOURCES,
             (cl_command_queue q, cl_mem b, cl_bool w, size_t o, size_t s, void *p, cl_uint n,
              const cl_event *e, cl_event *m),
             (q, b, w, o, s, p, n, e, m))
RETURNS_CODE(clEnqueueWriteBuffer, CL_OUT_OF_RESOURCES,
             (cl_command_queue q, cl_mem b, cl_bool w, size_t o, size_t s, const void *p, cl_uint n,
              const cl_event *e, cl_event *m),
             (q, b, w, o, s, p, n, e, m))
RETURNS_CODE(clEnqueueMigrateMemObjects, CL_MEM_OBJECT_ALLOCATION_FAILURE,
             (cl_command_queue q, cl_uint n, const cl_mem *b, cl_mem_migration_flags f, cl_uint c,
              const cl_event *e, cl_event *m),
             (q, n, b, f, c, e, m))
RETURNS_CODE(clFlush, CL_OUT_OF_HOST_MEMORY, (cl_command_queue q), (q))
RETURNS_CODE(clFinish, CL_OUT_OF_RESOURCES, (cl_command_queue q), (q))

static void note(cl_kernel kernel) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  const char *path = getenv("FAULT_KERNELS");
  char name[256];
  if (!path || clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, sizeof name, name, NULL)) return;
  pthread_mutex_lock(&lock);
  FILE *file = fopen(path, "a");
  if (file) {
    fprintf(file, "%s\n", name);
    fclose(file);
  }
  pthread_mutex_unlock(&lock);
}

CL_API_ENTRY cl_int CL_API_CALL clEnqueueNDRangeKernel(
    cl_command_queue q, cl_kernel k, cl_uint d, const size_t *o, const size_t *g, const size_t *l,
    cl_uint n, const cl_event *w, cl_event *e) {
  REAL(clEnqueueNDRangeKernel);
  cl_int code;
  if (fails("clEnqueueNDRangeKernel", CL_OUT_OF_RESOURCES, &code)) return code;
  note(k);
  return real(q, k, d, o, g, l, n, w, e);
}

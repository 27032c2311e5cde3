"""OpenCL 1.2 through ctypes, as little as the probes need. Needs the loader `libOpenCL.so.1`."""
import ctypes as c
import time

library = c.CDLL("libOpenCL.so.1")
for name in ("clCreateContext", "clCreateCommandQueue", "clCreateBuffer", "clCreateKernel",
             "clCreateProgramWithSource", "clCreateProgramWithBinary", "clEnqueueMapBuffer"):
    getattr(library, name).restype = c.c_void_p

CPU, GPU, ACCELERATOR = 2, 4, 8
READ_WRITE, ALLOC_HOST_PTR = 1, 16
PROFILING = 2
CODES = {0: "success", -4: "memory object allocation failure", -5: "out of resources",
         -6: "out of host memory", -11: "build program failure", -42: "invalid binary",
         -51: "invalid argument size", -54: "invalid work group size", -61: "invalid buffer size"}


class Failure(Exception):
    """A call that did not return success."""

    def __init__(self, call, code):
        super().__init__(f"{call}: {CODES.get(code, 'error')} ({code})")
        self.code = code


def check(code, call):
    if code != 0:
        raise Failure(call, code)


def made(call, *arguments):
    """The object that `call` makes; its last parameter takes the code."""
    code = c.c_int(0)
    handle = getattr(library, call)(*arguments, c.byref(code))
    check(code.value, call)
    return c.c_void_p(handle)


def devices():
    """All devices: GPUs, then accelerators, then CPUs, as `apus` numbers them."""
    count = c.c_uint(0)
    check(library.clGetPlatformIDs(0, None, c.byref(count)), "clGetPlatformIDs")
    platforms = (c.c_void_p * count.value)()
    check(library.clGetPlatformIDs(count.value, platforms, None), "clGetPlatformIDs")
    found = []
    for kind in (GPU, ACCELERATOR, CPU):
        for platform in platforms:
            many = c.c_uint(0)
            arguments = (c.c_void_p(platform), c.c_ulong(kind))
            if library.clGetDeviceIDs(*arguments, 0, None, c.byref(many)) != 0:
                continue
            handles = (c.c_void_p * many.value)()
            check(library.clGetDeviceIDs(*arguments, many.value, handles, None), "clGetDeviceIDs")
            found += [Device(c.c_void_p(handle)) for handle in handles]
    return found


class Device:
    def __init__(self, handle):
        self.handle = handle
        self.context = self.main_queue = None

    def raw(self, key):
        size = c.c_size_t(0)
        check(library.clGetDeviceInfo(self.handle, key, 0, None, c.byref(size)), "clGetDeviceInfo")
        data = c.create_string_buffer(size.value)
        check(library.clGetDeviceInfo(self.handle, key, size, data, None), "clGetDeviceInfo")
        return data.raw

    def text(self, key):
        return self.raw(key).rstrip(b"\0").decode(errors="replace").strip()

    def number(self, key):
        return int.from_bytes(self.raw(key), "little")

    def open(self):
        handles = (c.c_void_p * 1)(self.handle)
        self.context = made("clCreateContext", None, 1, handles, None, None)
        self.main_queue = self.queue()
        return self

    def queue(self, properties=0):
        return made("clCreateCommandQueue", self.context, self.handle, c.c_ulong(properties))

    def buffer(self, size, flags=READ_WRITE):
        return made("clCreateBuffer", self.context, c.c_ulong(flags), c.c_size_t(size), None)

    def build(self, source, options=""):
        texts = (c.c_char_p * 1)(source.encode())
        program = made("clCreateProgramWithSource", self.context, 1, texts, None)
        return self.finish_build(program, options)

    def load(self, binary, options=""):
        """A program from what `binary` returned, perhaps edited."""
        handles = (c.c_void_p * 1)(self.handle)
        sizes = (c.c_size_t * 1)(len(binary))
        data = (c.c_char_p * 1)(binary)
        program = made("clCreateProgramWithBinary", self.context, 1, handles, sizes, data, None)
        return self.finish_build(program, options)

    def finish_build(self, program, options):
        handles = (c.c_void_p * 1)(self.handle)
        code = library.clBuildProgram(program, 1, handles, options.encode(), None, None)
        return Program(self, program, code)

    def finish(self, queue=None):
        check(library.clFinish(queue or self.main_queue), "clFinish")


class Program:
    def __init__(self, device, handle, code):
        self.device, self.handle, self.code = device, handle, code

    @property
    def log(self):
        size = c.c_size_t(0)
        arguments = (self.handle, self.device.handle, 0x1183)
        library.clGetProgramBuildInfo(*arguments, 0, None, c.byref(size))
        data = c.create_string_buffer(max(size.value, 1))
        library.clGetProgramBuildInfo(*arguments, size, data, None)
        return data.value.decode(errors="replace").strip()

    def binary(self):
        size = c.c_size_t(0)
        check(library.clGetProgramInfo(self.handle, 0x1165, c.sizeof(size), c.byref(size), None),
              "clGetProgramInfo")
        data = c.create_string_buffer(size.value)
        pointers = (c.c_void_p * 1)(c.addressof(data))
        check(library.clGetProgramInfo(self.handle, 0x1166, c.sizeof(pointers), pointers, None),
              "clGetProgramInfo")
        return data.raw

    def kernel(self, name):
        check(self.code, "clBuildProgram")
        return Kernel(self.device, made("clCreateKernel", self.handle, name.encode()))


class Local:
    """Local memory of so many bytes, as an argument."""

    def __init__(self, size):
        self.size = size


class Kernel:
    def __init__(self, device, handle):
        self.device, self.handle = device, handle

    def bind(self, *arguments):
        for index, value in enumerate(arguments):
            if isinstance(value, Local):
                size, pointer = value.size, None
            else:
                value = c.c_int(value) if isinstance(value, int) else value
                size, pointer = c.sizeof(value), c.byref(value)
            check(library.clSetKernelArg(self.handle, index, c.c_size_t(size), pointer),
                  "clSetKernelArg")
        return self

    def start(self, items, group=None, queue=None, event=None):
        sizes = (c.c_size_t * 1)(items)
        groups = (c.c_size_t * 1)(group) if group else None
        code = library.clEnqueueNDRangeKernel(
            queue or self.device.main_queue, self.handle, 1, None, sizes, groups, 0, None, event)
        check(code, "clEnqueueNDRangeKernel")


def timed(body, finish, seconds=0.5, least=3, most=200):
    """Median and best time of `body` with `finish`, in seconds, after one run of both."""
    body(), finish()
    times, end = [], time.perf_counter() + seconds
    while len(times) < least or (time.perf_counter() < end and len(times) < most):
        start = time.perf_counter()
        body(), finish()
        times.append(time.perf_counter() - start)
    times.sort()
    return times[len(times) // 2], times[0]

#!/usr/bin/env python3
"""What an OpenCL device and its driver can do, beyond what it says of itself.

  python3 probe.py NAME [DEVICE]    one probe on device DEVICE (0): one JSON object on stdout

Probes: device, instructions, local, launch, bandwidth, build. Each runs in a process of its own:
a driver may crash on what it cannot do. Needs Python's standard library and an OpenCL loader.
"""
import ctypes as c
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

from opencl import (ALLOC_HOST_PTR, PROFILING, READ_WRITE, Failure, Local, check, devices, library,
                    made, timed)

EMPTY = "kernel void empty(global float *x) { if (x == 0) return; }"

DEVICE_TEXT = {"name": 0x102B, "vendor": 0x102C, "driver": 0x102D, "version": 0x102F,
               "c_version": 0x103D, "extensions": 0x1030}
DEVICE_NUMBER = {"compute_units": 0x1002, "max_work_group": 0x1004, "clock_mhz": 0x100C,
                 "max_allocation_bytes": 0x1010, "alignment_bits": 0x1019, "cache_bytes": 0x101E,
                 "memory_bytes": 0x101F, "constant_bytes": 0x1020, "local_bytes": 0x1023,
                 "timer_ns": 0x1025, "float64_config": 0x1032, "float32_config": 0x101B,
                 "nv_capability_major": 0x4000, "nv_capability_minor": 0x4001,
                 "nv_registers_a_group": 0x4002, "nv_warp": 0x4003}


def device_probe(device):
    """P1: what it says, and what its compiler makes."""
    result = {}
    for name, key in {**DEVICE_TEXT, **DEVICE_NUMBER}.items():
        try:
            result[name] = device.text(key) if name in DEVICE_TEXT else device.number(key)
        except Failure:
            result[name] = None
    device.open()
    program = device.build(EMPTY, "-cl-nv-verbose" if "nv_compiler" in result["extensions"] else "")
    result["build_log"] = program.log[:2000]
    binary = program.binary()
    result["binary_bytes"] = len(binary)
    if b".target" in binary[:4000]:
        lines = binary[:4000].decode(errors="replace").splitlines()
        result["ptx_header"] = [x for x in lines if x.startswith(".")][:5]
    options = ("-cl-nv-arch sm_90", "-cl-nv-maxrregcount=128", "-cl-nv-opt-level=3",
               "-cl-std=CL1.2", "-cl-std=CL3.0")
    result["options"] = {x: built(device, EMPTY, x) for x in options}
    return result


def built(device, source, options=""):
    program = device.build(source, options)
    return {"builds": program.code == 0, "log": "" if program.code == 0 else program.log[-400:]}


def inline(statement, before=""):
    return ("kernel void k(global unsigned *x, global float *f, global double *d) {\n"
            "  local unsigned s[1024]; unsigned i = get_local_id(0), r = x[i], q = r;\n"
            f"  float a = f[i], b = a, e = a, g = a; s[i] = r; {before}\n  {statement}\n"
            "  x[i] = r + q + s[(i + 1) & 1023]; f[i] = a + b + e + g; }")


MMA = ('asm("mma.sync.aligned.%s {%%0,%%1,%%2,%%3},{%s},{%s},{%%0,%%1,%%2,%%3};"'
       ' : "+f"(a), "+f"(b), "+f"(e), "+f"(g) : "r"(r), "r"(q));')
FOUR, TWO = "%4,%5,%4,%5", "%4,%5"
INSTRUCTIONS = {
    "laneid": inline('asm volatile("mov.u32 %0, %%laneid;" : "=r"(r));'),
    "shfl.sync": inline(
        'asm volatile("shfl.sync.bfly.b32 %0, %0, 1, 0x1f, 0xffffffff;" : "+r"(r));'),
    "red.add.f32": inline(
        'asm volatile("red.global.add.f32 [%0], %1;" :: "l"(f), "f"(a) : "memory");'),
    "red.add.v4.f32": inline(
        'asm volatile("red.global.add.v4.f32 [%0], {%1,%1,%1,%1};" :: "l"(f), "f"(a) : "memory");'),
    "dp4a": inline('asm("dp4a.s32.s32 %0, %1, %1, %0;" : "+r"(r) : "r"(q));'),
    "cp.async": inline(
        'asm volatile("cp.async.cg.shared.global [%0], [%1], 16; cp.async.commit_group;'
        ' cp.async.wait_group 0;" :: "l"(s), "l"(x) : "memory");'),
    "ldmatrix": inline(
        'asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0,%1}, [%2];"'
        ' : "=r"(r), "=r"(q) : "l"(s));'),
    "mma.tf32.m16n8k8": inline(MMA % ("m16n8k8.row.col.f32.tf32.tf32.f32", FOUR, TWO)),
    "mma.bf16.m16n8k16": inline(MMA % ("m16n8k16.row.col.f32.bf16.bf16.f32", FOUR, TWO)),
    "mma.f16.m16n8k16": inline(MMA % ("m16n8k16.row.col.f32.f16.f16.f32", FOUR, TWO)),
    "cvt.rna.tf32": inline('asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(r) : "f"(a));'),
    "cp.async.bulk": inline(
        'asm volatile("cp.async.bulk.prefetch.L2.global [%0], 128;" :: "l"(x) : "memory");'),
    "mbarrier": inline(
        'asm volatile("mbarrier.init.shared.b64 [%0], 1;" :: "l"(s) : "memory");'),
    "wgmma.fence": inline('asm volatile("wgmma.fence.sync.aligned;" ::: "memory");'),
    "setmaxnreg": inline('asm volatile("setmaxnreg.dec.sync.aligned.u32 40;");'),
}


def instructions_probe(device):
    """P2 and the start of P3: which PTX instructions build; whether an edited binary loads."""
    device.open()
    result = {name: built(device, text) for name, text in INSTRUCTIONS.items()}
    binary = device.build(EMPTY).binary()
    if b".target sm_" in binary:
        edited = binary.replace(b".target sm_90,", b".target sm_90a,", 1)
        program = device.load(edited)
        result["binary edited to sm_90a"] = {
            "edited": edited != binary, "builds": program.code == 0, "log": program.log[-400:]}
    return result


def local_probe(device):
    """P4: how much local memory, declared in a kernel or passed to one."""
    device.open()
    output = device.buffer(4 * 256)
    result = {}
    for size in (32, 48, 64, 100, 128, 200):
        count = size * 256
        entry = result[f"{size} KB"] = {}
        static = (f"kernel void k(global float *x) {{ local float s[{count}];"
                  f" int i = get_local_id(0); for (int j = i; j < {count}; j += 256) s[j] = j;"
                  " barrier(CLK_LOCAL_MEM_FENCE);"
                  f" x[i] = s[{count} - 1 - i]; }}")
        passed = static.replace(f"local float s[{count}];", "")
        passed = passed.replace("*x)", "*x, local float *s)")
        for way, text, extra in (("declared", static, []), ("passed", passed, [Local(4 * count)])):
            try:
                device.build(text).kernel("k").bind(output, *extra).start(256, 256)
                device.finish()
                entry[way] = read(device, output, 256)[0] == count - 1
            except Failure as failure:
                entry[way] = str(failure)
    return result


def read(device, buffer, count):
    values = (c.c_float * count)()
    check(library.clEnqueueReadBuffer(device.main_queue, buffer, 1, c.c_size_t(0),
                                      c.c_size_t(4 * count), values, 0, None, None),
          "clEnqueueReadBuffer")
    return values


def launch_probe(device):
    """P6: what a launch, an event, a buffer and a copy from the host cost, in microseconds."""
    device.open()
    kernel = device.build(EMPTY).kernel("empty").bind(device.buffer(1024))
    result = {}
    for groups in (1, 132, 1056):
        items = 128 * groups
        alone = timed(lambda: kernel.start(items, 128), device.finish)[0]

        def many(queue=None, event=False, flush=0, runs=1000):
            for run in range(runs):
                made_event = c.c_void_p()
                kernel.start(items, 128, queue, c.byref(made_event) if event else None)
                if event:
                    library.clReleaseEvent(made_event)
                if flush and run % flush == flush - 1:
                    library.clFlush(queue or device.main_queue)

        profiled = device.queue(PROFILING)
        row = result[f"{groups} groups"] = {"alone_us": alone * 1e6}
        start = time.perf_counter()
        many()
        row["enqueue_us"] = (time.perf_counter() - start) * 1e3
        device.finish()
        for name, options in (("pipelined", {}), ("event", {"event": True}),
                              ("flush16", {"flush": 16}), ("profiling", {"queue": profiled})):
            finish = lambda: device.finish(options.get("queue"))
            row[name + "_us"] = timed(lambda: many(**options), finish, 0.3, 2)[0] * 1e3
    size = 64 << 20
    target = device.buffer(size)
    pinned = device.buffer(size, READ_WRITE | ALLOC_HOST_PTR)
    mapped = made("clEnqueueMapBuffer", device.main_queue, pinned, 1, c.c_ulong(3), c.c_size_t(0),
                  c.c_size_t(size), 0, None, None)
    pageable = (c.c_char * size)()
    c.memset(pageable, 1, size)
    for name, source in (("pageable", pageable), ("pinned", mapped)):
        def write():
            library.clEnqueueWriteBuffer(device.main_queue, target, 0, c.c_size_t(0),
                                         c.c_size_t(size), source, 0, None, None)
        result[f"write_{name}_gb_s"] = size / timed(write, device.finish)[0] / 1e9
    for size in (1 << 12, 1 << 20, 64 << 20, 1 << 30):
        if size <= device.number(DEVICE_NUMBER["max_allocation_bytes"]):
            create = lambda: library.clReleaseMemObject(device.buffer(size))
            result[f"create_buffer_{size}_us"] = timed(create, lambda: None, 0.2)[0] * 1e6
    return result


STREAMS = "".join(
    f"kernel void copy{w}(global const float{w} *a, global const float{w} *b, global float{w} *c)"
    " { int i = get_global_id(0); c[i] = a[i]; }\n"
    f"kernel void add{w}(global const float{w} *a, global const float{w} *b, global float{w} *c)"
    " { int i = get_global_id(0); c[i] = a[i] + b[i]; }\n" for w in ("", "4")) + """
kernel void sum4(global const float4 *a, global const float4 *b, global float4 *c) {
  local float4 s[256];
  int l = get_local_id(0), base = get_group_id(0) * 1024 + l;
  s[l] = a[base] + a[base + 256] + a[base + 512] + a[base + 768];
  for (int h = 128; h > 0; h /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (l < h) s[l] += s[l + h];
  }
  if (l == 0) c[get_group_id(0)] = s[0];
}
"""


def bandwidth_probe(device):
    """P7: memory speed of copy, addition and sum, in GB/s, each byte counted once."""
    device.open()
    program = device.build(STREAMS)
    memory = device.number(DEVICE_NUMBER["memory_bytes"])
    limit = min(memory // 8, device.number(DEVICE_NUMBER["max_allocation_bytes"]))
    result, end = {}, time.perf_counter() + 15
    for size in (64 << 20, 256 << 20, 1 << 30, 4 << 30):
        if size > limit or time.perf_counter() > end:
            continue
        a, b, out = device.buffer(size), device.buffer(size), device.buffer(size)
        for name, width, streams, share in (
                ("copy", "", 2, 1), ("copy", "4", 2, 1), ("add", "", 3, 1), ("add", "4", 3, 1),
                ("sum", "4", 1, 4)):
            kernel = program.kernel(name + width).bind(a, b, out)
            items = size // (16 if width else 4) // share
            median, best = timed(lambda: kernel.start(items, 256), device.finish, 0.5)
            result[f"{name} float{width} {size >> 20} MB"] = {
                "gb_s": streams * size / median / 1e9, "best_gb_s": streams * size / best / 1e9}
        for buffer in (a, b, out):
            library.clReleaseMemObject(buffer)
    return result


def twenty_kernels(salt):
    """A program of twenty kernels whose text no cache has seen."""
    one = ("kernel void k{0}(global float *x, int n) {{ local float s[256];"
           " int i = get_global_id(0), l = get_local_id(0); float v = i < n ? x[i] : {0}.5f;"
           " for (int j = 0; j < 8; j++) v = fma(v, {0}.25f + {1}, sin(v)); s[l] = v;"
           " barrier(CLK_LOCAL_MEM_FENCE);"
           " if (i < n) x[i] = s[l ^ {0}]; }}\n")
    return "".join(one.format(index, salt) for index in range(20))


def build_probe(device, salt=None):
    """P8: seconds to build a program of twenty kernels: first and again, with the driver's caches
    fresh, kept and off, each in a process of its own."""
    if salt is not None:
        device.open()
        start = time.perf_counter()
        program = device.build(twenty_kernels(salt))
        source = time.perf_counter() - start
        start = time.perf_counter()
        program.kernel("k0").bind(device.buffer(1024), 256).start(256, 256)
        device.finish()
        first = time.perf_counter() - start
        binary = program.binary()
        start = time.perf_counter()
        again = device.load(binary)
        return {"source_s": source, "first_launch_s": first, "builds": program.code == 0,
                "binary_s": time.perf_counter() - start, "binary_loads": again.code == 0}
    result, folder = {}, tempfile.mkdtemp()
    fresh = {"CUDA_CACHE_PATH": folder, "POCL_CACHE_DIR": folder}
    off = {**fresh, "CUDA_CACHE_DISABLE": "1", "POCL_KERNEL_CACHE": "0"}
    for name, environment, salt in (("fresh", fresh, 1), ("kept", fresh, 1), ("off", off, 1)):
        run = subprocess.run([sys.executable, __file__, "build", str(device.index), str(salt)],
                             env={**os.environ, **environment}, capture_output=True, timeout=60)
        result[name] = json.loads(run.stdout) if run.returncode == 0 else run.stderr.decode()[-400:]
    shutil.rmtree(folder, ignore_errors=True)
    return result


def main():
    arguments = sys.argv[1:]
    probes = {name[:-6]: body for name, body in globals().items() if name.endswith("_probe")}
    if not arguments or arguments[0] not in probes:
        sys.exit(__doc__)
    index = int(arguments[1]) if len(arguments) > 1 else 0
    found = devices()
    if index >= len(found):
        sys.exit(f"probe: there are {len(found)} OpenCL devices, none is number {index}")
    found[index].index = index
    result = probes[arguments[0]](found[index], *map(int, arguments[2:]))
    json.dump(result, sys.stdout)
    print()


if __name__ == "__main__":
    main()

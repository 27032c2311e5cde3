#include "opencl_sources.h"

static const char elementary[] = {
#embed "../common/elementary.h"
    ,
#embed "../common/elementary_angles.h"
    ,
#embed "../common/elementary_numbers.h"
    , 0};

static const char elementary_float64[] = {
#embed "../common/elementary_float64.h"
    , 0};

static const char assembly[] = {
#embed "assembly.cl"
    , 0};

static const char convolution_cpu[] = {
#embed "convolution_cpu.cl"
    , 0};

static const char convolution_depthwise[] = {
#embed "convolution_depthwise.cl"
    , 0};

static const char convolution_direct[] = {
#embed "convolution_direct.cl"
    , 0};

static const char convolution_few[] = {
#embed "convolution_few.cl"
    , 0};

static const char convolution_gather[] = {
#embed "convolution_gather.cl"
    , 0};

static const char convolution_gpu[] = {
#embed "convolution_gpu.cl"
    , 0};

static const char convolution_panels[] = {
#embed "convolution_panels.cl"
    , 0};

static const char cross_entropy[] = {
#embed "cross_entropy.cl"
    , 0};

static const char ctc[] = {
#embed "ctc.cl"
    , 0};

static const char elementwise[] = {
#embed "elementwise.cl"
    , 0};

static const char lookup[] = {
#embed "lookup.cl"
    , 0};

static const char matmul[] = {
#embed "matmul.cl"
    , 0};

static const char matmul_cpu[] = {
#embed "matmul_cpu.cl"
    , 0};

static const char matmul_gpu[] = {
#embed "matmul_gpu.cl"
    , 0};

static const char normalization[] = {
#embed "normalization.cl"
    , 0};

static const char patches[] = {
#embed "patches.cl"
    , 0};

static const char pooling[] = {
#embed "pooling.cl"
    , 0};

static const char recurrence[] = {
#embed "recurrence.cl"
    , 0};

static const char recurrence_cpu[] = {
#embed "recurrence_cpu.cl"
    , 0};

static const char recurrence_gpu[] = {
#embed "recurrence_gpu.cl"
    , 0};

static const char reduction[] = {
#embed "reduction.cl"
    , 0};

static const char reduction_cpu[] = {
#embed "reduction_cpu.cl"
    , 0};

static const char reduction_gpu[] = {
#embed "reduction_gpu.cl"
    , 0};

static const char scan[] = {
#embed "scan.cl"
    , 0};

static const char scan_recurrence[] = {
#embed "scan_recurrence.cl"
    , 0};

static const char scatter[] = {
#embed "scatter.cl"
    , 0};

static const char softmax[] = {
#embed "softmax.cl"
    , 0};

static const char softmax_rows[] = {
#embed "softmax_rows.cl"
    , 0};

static const char sort[] = {
#embed "sort.cl"
    , 0};

static const char sparse[] = {
#embed "sparse.cl"
    , 0};

static const char winograd[] = {
#embed "winograd.cl"
    , 0};

static const char winograd_filter[] = {
#embed "winograd_filter.cl"
    , 0};

const char *opencl_elementary_source(void) { return elementary; }
const char *opencl_elementary_float64_source(void) { return elementary_float64; }
const char *opencl_assembly_source(void) { return assembly; }
const char *opencl_convolution_cpu_source(void) { return convolution_cpu; }
const char *opencl_convolution_depthwise_source(void) { return convolution_depthwise; }
const char *opencl_convolution_direct_source(void) { return convolution_direct; }
const char *opencl_convolution_few_source(void) { return convolution_few; }
const char *opencl_convolution_gather_source(void) { return convolution_gather; }
const char *opencl_convolution_gpu_source(void) { return convolution_gpu; }
const char *opencl_convolution_panels_source(void) { return convolution_panels; }
const char *opencl_cross_entropy_source(void) { return cross_entropy; }
const char *opencl_ctc_source(void) { return ctc; }
const char *opencl_elementwise_source(void) { return elementwise; }
const char *opencl_lookup_source(void) { return lookup; }
const char *opencl_matmul_source(void) { return matmul; }
const char *opencl_matmul_cpu_source(void) { return matmul_cpu; }
const char *opencl_matmul_gpu_source(void) { return matmul_gpu; }
const char *opencl_normalization_source(void) { return normalization; }
const char *opencl_patches_source(void) { return patches; }
const char *opencl_pooling_source(void) { return pooling; }
const char *opencl_recurrence_source(void) { return recurrence; }
const char *opencl_recurrence_cpu_source(void) { return recurrence_cpu; }
const char *opencl_recurrence_gpu_source(void) { return recurrence_gpu; }
const char *opencl_reduction_source(void) { return reduction; }
const char *opencl_reduction_cpu_source(void) { return reduction_cpu; }
const char *opencl_reduction_gpu_source(void) { return reduction_gpu; }
const char *opencl_scan_source(void) { return scan; }
const char *opencl_scan_recurrence_source(void) { return scan_recurrence; }
const char *opencl_scatter_source(void) { return scatter; }
const char *opencl_softmax_source(void) { return softmax; }
const char *opencl_softmax_rows_source(void) { return softmax_rows; }
const char *opencl_sort_source(void) { return sort; }
const char *opencl_sparse_source(void) { return sparse; }
const char *opencl_winograd_source(void) { return winograd; }
const char *opencl_winograd_filter_source(void) { return winograd_filter; }

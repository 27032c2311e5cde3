#pragma once

// The texts of the OpenCL C programs, inside the binary.

const char *opencl_elementary_source(void);
const char *opencl_elementary_float64_source(void);
const char *opencl_assembly_source(void);
const char *opencl_convolution_cpu_source(void);
const char *opencl_convolution_depthwise_source(void);
const char *opencl_convolution_direct_source(void);
const char *opencl_convolution_few_source(void);
const char *opencl_convolution_gather_source(void);
const char *opencl_convolution_gpu_source(void);
const char *opencl_convolution_panels_source(void);
const char *opencl_cross_entropy_source(void);
const char *opencl_ctc_source(void);
const char *opencl_elementwise_source(void);
const char *opencl_lookup_source(void);
const char *opencl_matmul_source(void);
const char *opencl_matmul_cpu_source(void);
const char *opencl_matmul_gpu_source(void);
const char *opencl_normalization_source(void);
const char *opencl_patches_source(void);
const char *opencl_pooling_source(void);
const char *opencl_recurrence_source(void);
const char *opencl_recurrence_cpu_source(void);
const char *opencl_recurrence_gpu_source(void);
const char *opencl_reduction_source(void);
const char *opencl_reduction_cpu_source(void);
const char *opencl_reduction_gpu_source(void);
const char *opencl_scan_source(void);
const char *opencl_scan_recurrence_source(void);
const char *opencl_scatter_source(void);
const char *opencl_softmax_source(void);
const char *opencl_softmax_rows_source(void);
const char *opencl_sort_source(void);
const char *opencl_sparse_source(void);
const char *opencl_winograd_source(void);
const char *opencl_winograd_filter_source(void);

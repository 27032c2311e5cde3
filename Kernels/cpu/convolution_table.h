// What was compiled for one kind of processor, and the end of its macros.

static const struct convolution_processor NAME(processor) = {
    .lanes = LANES, .rows = ROWS,
    .tile = {NAME(tile_of_one), NAME(tile_of_two)},
    .outer = {NAME(outer_of_one), NAME(outer_of_two)},
    .dots = NAME(any_dots), .planes = NAME(any_planes), .plane_sums = NAME(any_plane_sums),
    .total = NAME(any_total), .depthwise = NAME(depthwise),
    .depthwise_filter = NAME(depthwise_filter),
    .image = NAME(image_transform), .result = NAME(result_transform),
    .filter = NAME(filter_transform), .gradient = NAME(gradient_transform),
    .filter_result = NAME(filter_result_transform),
};

#undef ALWAYS
#undef VECTOR
#undef TARGET
#undef NAME
#undef LANES
#undef ROWS

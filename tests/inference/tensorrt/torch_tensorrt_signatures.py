# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The names of the parameters of torch-tensorrt, version by version, as its sources have them."""

from __future__ import annotations


def names(text: str) -> list[str]:
    return text.split()


COMPILE = {
    '2.8.0': names("""
        exported_program inputs arg_inputs kwarg_inputs device disable_tf32 assume_dynamic_shape_support
        sparse_weights enabled_precisions engine_capability num_avg_timing_iters workspace_size dla_sram_size
        dla_local_dram_size dla_global_dram_size truncate_double require_full_compilation min_block_size
        torch_executed_ops torch_executed_modules pass_through_build_failures max_aux_streams version_compatible
        optimization_level use_python_runtime use_fast_partitioner enable_experimental_decompositions dryrun
        hardware_compatible timing_cache_path lazy_engine_init cache_built_engines reuse_cached_engines
        engine_cache_dir engine_cache_size custom_engine_cache use_explicit_typing use_fp32_acc
        refit_identical_engine_weights strip_engine_weights immutable_weights enable_weight_streaming
        tiling_optimization_level l2_limit_for_tiling offload_module_to_cpu **kwargs
    """),
    '2.10.0': names("""
        exported_program inputs arg_inputs kwarg_inputs device disable_tf32 assume_dynamic_shape_support
        sparse_weights enabled_precisions engine_capability num_avg_timing_iters workspace_size dla_sram_size
        dla_local_dram_size dla_global_dram_size truncate_double require_full_compilation min_block_size
        torch_executed_ops torch_executed_modules pass_through_build_failures max_aux_streams version_compatible
        optimization_level use_python_runtime use_fast_partitioner enable_experimental_decompositions dryrun
        hardware_compatible timing_cache_path lazy_engine_init cache_built_engines reuse_cached_engines
        engine_cache_dir engine_cache_size custom_engine_cache use_explicit_typing use_fp32_acc
        refit_identical_engine_weights strip_engine_weights immutable_weights enable_weight_streaming
        tiling_optimization_level l2_limit_for_tiling offload_module_to_cpu use_distributed_mode_trace
        enable_autocast autocast_low_precision_type autocast_excluded_nodes autocast_excluded_ops
        autocast_max_output_threshold autocast_max_depth_of_reduction autocast_calibration_dataloader
        cpu_memory_budget enable_resource_partitioning **kwargs
    """),
    '2.12.1': names("""
        exported_program inputs arg_inputs kwarg_inputs device disable_tf32 assume_dynamic_shape_support
        sparse_weights enabled_precisions engine_capability num_avg_timing_iters workspace_size dla_sram_size
        dla_local_dram_size dla_global_dram_size truncate_double require_full_compilation min_block_size
        torch_executed_ops torch_executed_modules pass_through_build_failures max_aux_streams version_compatible
        optimization_level use_python_runtime use_fast_partitioner enable_experimental_decompositions dryrun
        hardware_compatible timing_cache_path runtime_cache_path dynamic_shapes_kernel_specialization_strategy
        lazy_engine_init cache_built_engines reuse_cached_engines engine_cache_dir engine_cache_size
        custom_engine_cache use_explicit_typing use_fp32_acc refit_identical_engine_weights strip_engine_weights
        immutable_weights enable_weight_streaming tiling_optimization_level l2_limit_for_tiling
        offload_module_to_cpu use_distributed_mode_trace enable_autocast autocast_low_precision_type
        autocast_excluded_nodes autocast_excluded_ops autocast_max_output_threshold
        autocast_max_depth_of_reduction autocast_calibration_dataloader cpu_memory_budget
        enable_resource_partitioning dynamically_allocate_resources decompose_attention attn_bias_is_causal
        **kwargs
    """),
    '2.13.0': names("""
        exported_program inputs arg_inputs kwarg_inputs device disable_tf32 assume_dynamic_shape_support
        sparse_weights engine_capability num_avg_timing_iters workspace_size dla_sram_size dla_local_dram_size
        dla_global_dram_size truncate_double require_full_compilation min_block_size torch_executed_ops
        torch_executed_modules pass_through_build_failures max_aux_streams version_compatible optimization_level
        use_python_runtime use_fast_partitioner enable_experimental_decompositions dryrun hardware_compatible
        timing_cache_path lazy_engine_init cache_built_engines reuse_cached_engines engine_cache_dir
        engine_cache_size custom_engine_cache use_fp32_acc refit_identical_engine_weights strip_engine_weights
        immutable_weights enable_weight_streaming tiling_optimization_level l2_limit_for_tiling
        offload_module_to_cpu use_distributed_mode_trace enable_autocast autocast_low_precision_type
        autocast_excluded_nodes autocast_excluded_ops autocast_max_output_threshold
        autocast_max_depth_of_reduction autocast_calibration_dataloader cpu_memory_budget
        enable_resource_partitioning dynamically_allocate_resources decompose_attention attn_bias_is_causal
        fallback_data_dependent_ops **kwargs
    """),
}
SAVE = {
    '2.8.0': names("""
        module file_path output_format inputs arg_inputs kwarg_inputs retrace pickle_protocol **kwargs
    """),
    '2.10.0': names("""
        module file_path output_format inputs arg_inputs kwarg_inputs retrace pickle_protocol **kwargs
    """),
    '2.12.1': names("""
        module file_path extra_files output_format inputs arg_inputs kwarg_inputs retrace use_legacy_exporter
        pickle_protocol dynamic_shapes **kwargs
    """),
    '2.13.0': names("""
        module file_path extra_files output_format inputs arg_inputs kwarg_inputs retrace use_legacy_exporter
        pickle_protocol dynamic_shapes **kwargs
    """),
}
DEBUGGER = {
    '2.8.0': names("""
        log_level capture_fx_graph_before capture_fx_graph_after save_engine_profile profile_format
        engine_builder_monitor logging_dir save_layer_info
    """),
    '2.10.0': names("""
        log_level capture_fx_graph_before capture_fx_graph_after save_engine_profile
        capture_tensorrt_api_recording profile_format engine_builder_monitor logging_dir save_layer_info
    """),
    '2.12.1': names("""
        log_level capture_fx_graph_before capture_fx_graph_after save_engine_profile profile_format
        engine_builder_monitor logging_dir save_layer_info
    """),
    '2.13.0': names("""
        log_level capture_fx_graph_before capture_fx_graph_after save_engine_profile profile_format
        engine_builder_monitor logging_dir save_layer_info
    """),
}

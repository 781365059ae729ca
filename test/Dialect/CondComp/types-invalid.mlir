// RUN: cc-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{routing C1: expected at least two dims (rows, modules), got 1}}
func.func private @rank(!condcomp.routing<4, f32>)

// -----

// expected-error @+1 {{routing C2: weights are f32 or f64, got 'bf16'}}
func.func private @element_type(!condcomp.routing<4x8, bf16>)

// -----

// expected-error @+1 {{routing C3: row bound must not be negative, got -1}}
func.func private @negative_row_bound(!condcomp.routing<4x8, f32, exactly -1>)

// -----

// expected-error @+1 {{routing C3: module bound must not be negative, got -2}}
func.func private @negative_module_bound(!condcomp.routing<4x8, f32, per_module at_most -2>)

// -----

// expected-error @+1 {{routing C4: row bound 'exactly 9' exceeds the number of modules, 8}}
func.func private @row_bound(!condcomp.routing<?x8, f32, exactly 9>)

// -----

// expected-error @+1 {{routing C4: module bound 'exactly 5' exceeds the number of rows, 4}}
func.func private @module_bound(!condcomp.routing<4x?, f32, per_module exactly 5>)

// -----

// expected-error @+1 {{expected 'exactly' or 'at_most'}}
func.func private @unknown_bound(!condcomp.routing<4x8, f32, about 2>)

// -----

// expected-error @+1 {{'?' is only allowed after 'exactly'}}
func.func private @run_time_at_most(!condcomp.routing<4x8, f32, at_most ?>)

// -----

// expected-error @+1 {{second row bound}}
func.func private @two_row_bounds(!condcomp.routing<4x8, f32, exactly 1, at_most 2>)

// -----

// expected-error @+1 {{second module bound}}
func.func private @two_module_bounds(!condcomp.routing<4x8, f32, per_module exactly 1, per_module at_most 2>)

//===- KernelReport.h - what a kernel tells its caller -------- -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Shared by the passes that make kernels and the libraries that launch them.
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_RUNTIME_KERNELREPORT_H
#define CONDCOMP_RUNTIME_KERNELREPORT_H

#include <cstdint>

namespace condcomp {

/// Words of a report. After `Status` 0 come results from `FirstValue` on: the
/// value of a scalar, or the place in the workspace and the dynamic sizes of a
/// tensor. A status above 0 is the number of the check that failed, and its
/// values follow.
enum ReportWord { Status, BarrierCount, FirstValue };

/// The status of a kernel whose workspace was too small; `FirstValue` is the
/// size to try next.
inline constexpr int64_t kNoSpace = -1;

/// The status of a kernel that was given memory of another size than its
/// result's, which has `FirstValue` bytes.
inline constexpr int64_t kWrongSize = -2;

} // namespace condcomp

#endif // CONDCOMP_RUNTIME_KERNELREPORT_H

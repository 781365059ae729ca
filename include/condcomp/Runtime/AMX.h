//===- AMX.h - leave to use AMX -------------------------------------*- C++
//-*-//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_RUNTIME_AMX_H
#define CONDCOMP_RUNTIME_AMX_H

#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace condcomp {

/// Whether this process may use AMX's tiles. Linux makes room for them in the
/// state of threads once a process asks; without leave, the first tile raises
/// SIGILL. Leave holds for all threads until the end of the process; it is
/// refused by kernels before 5.16 and where a thread has an alternate signal
/// stack that is too small.
inline bool isAMXPermitted() {
#if defined(__x86_64__) && defined(__linux__)
  static const bool permitted = [] {
    constexpr int kRequestPermission = 0x1023; // ARCH_REQ_XCOMP_PERM
    constexpr int kTileData = 18;
    return __builtin_cpu_supports("amx-tile") &&
           syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  }();
  return permitted;
#else
  return false;
#endif
}

} // namespace condcomp

#endif // CONDCOMP_RUNTIME_AMX_H

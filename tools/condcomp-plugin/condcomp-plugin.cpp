//===- condcomp-plugin.cpp - the dialect and passes for mlir-opt ----------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// mlir-opt --load-dialect-plugin=CondCompPlugin.so
//          --load-pass-plugin=CondCompPlugin.so
//
//===----------------------------------------------------------------------===//

#include "condcomp/InitAll.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "llvm/Config/llvm-config.h"

extern "C" LLVM_ATTRIBUTE_WEAK mlir::DialectPluginLibraryInfo
mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "condcomp", LLVM_VERSION_STRING,
          [](mlir::DialectRegistry *registry) {
            condcomp::registerAllDialects(*registry);
          }};
}

extern "C" LLVM_ATTRIBUTE_WEAK mlir::PassPluginLibraryInfo
mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "condcomp", LLVM_VERSION_STRING,
          [] { condcomp::registerAllPasses(); }};
}

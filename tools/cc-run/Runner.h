//===- Runner.h - runs requests of cc-run -----------------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_TOOLS_CC_RUN_RUNNER_H
#define CONDCOMP_TOOLS_CC_RUN_RUNNER_H

#include "condcomp/Execution/Program.h"
#include "condcomp/Execution/RunCall.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/SourceMgr.h"

namespace condcomp {

/// One call, as the command line or a line of a batch gives it.
struct Request : CallRequest {
  /// The module: a file, or its text.
  std::string path;
  std::string source;
  std::string form = "auto";
  /// Replaces the pipeline.
  std::string pipeline;
  /// Constant arguments are prepared once, before the call.
  bool prepack = false;
  /// LLVM's, 0 to 3: less is compiled faster and runs slower.
  unsigned optLevel = 3;
  /// Where traces go, a JSON object per line; null: there are none.
  llvm::raw_ostream *trace = nullptr;
};

struct Reply : CallReply {
  double compileSeconds = 0;
  CompileSeconds compileParts;
  /// The most memory that compiled code held, and what was not freed once the
  /// results were.
  int64_t peakBytes = 0;
  int64_t leakedBytes = 0;
};

/// Compiles modules, once each, and calls their functions.
class Runner {
public:
  Runner(mlir::MLIRContext &context) : context(context) {}

  /// Fills `reply` as far as it gets. Errors of the compiler go to
  /// `diagnostics`.
  llvm::Error run(const Request &request, Reply &reply,
                  llvm::raw_ostream &diagnostics);

private:
  /// A module with the text that its errors quote.
  struct Entry {
    llvm::SourceMgr sources;
    std::unique_ptr<Program> program;
    /// With `prepack`: the positions of the constant arguments, and what has
    /// been made of which.
    llvm::SmallVector<unsigned> constants;
    std::string preparedFrom;
    llvm::SmallVector<Array> prepared;
    int64_t preparedBytes = 0;
  };

  llvm::Expected<Entry &> getEntry(const Request &request,
                                   llvm::raw_ostream &diagnostics);
  llvm::Error compile(const Request &request, Entry &entry, Reply &reply,
                      llvm::raw_ostream &diagnostics);
  llvm::Error split(const Request &request, mlir::ModuleOp module, Entry &entry,
                    llvm::raw_ostream &diagnostics);
  /// The arguments of the call; with `prepack`, those of the function that was
  /// split.
  llvm::Expected<llvm::SmallVector<Array>>
  readArguments(const Request &request, Entry &entry, Reply &reply,
                llvm::raw_ostream &diagnostics);
  llvm::Error execute(const Request &request, Entry &entry, Reply &reply,
                      llvm::raw_ostream &diagnostics);

  mlir::MLIRContext &context;
  llvm::StringMap<std::unique_ptr<Entry>> entries;
};

/// Runs the requests of a file, a JSON object per line, and prints a JSON
/// object for each. Returns whether all succeeded.
llvm::Expected<bool> runBatch(Runner &runner, const Request &defaults,
                              llvm::StringRef path);

/// The numbers of a reply.
llvm::json::Object formatReply(const Reply &reply);

} // namespace condcomp

#endif // CONDCOMP_TOOLS_CC_RUN_RUNNER_H

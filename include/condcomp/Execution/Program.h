//===- Program.h - compiled modules that can be called ----------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_EXECUTION_PROGRAM_H
#define CONDCOMP_EXECUTION_PROGRAM_H

#include "condcomp/Execution/Call.h"
#include "condcomp/Execution/Code.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"

namespace condcomp {

/// An element type, if programs can be called with it.
std::optional<ElementType> getElementType(mlir::Type type);

/// The public functions of a module before it is compiled.
std::vector<Signature> getSignatures(mlir::ModuleOp module);

/// Drops what the function `name`, and its @f$prepack if there is one, do not
/// need.
mlir::LogicalResult keepOnly(mlir::ModuleOp module, llvm::StringRef name);

/// A module whose functions can be called. Arguments can be checked before it
/// is compiled.
class Program {
public:
  /// Adds the passes down to the LLVM dialect.
  using PipelineBuilder =
      std::function<mlir::LogicalResult(mlir::PassManager &)>;

  /// Registers what `compile` needs of a context.
  static void registerDialects(mlir::DialectRegistry &registry);

  explicit Program(mlir::OwningOpRef<mlir::ModuleOp> module);
  ~Program();

  llvm::ArrayRef<Signature> getFunctions() const { return functions; }

  /// Finds a public function; the error lists those there are.
  llvm::Expected<const Signature &> lookup(llvm::StringRef name) const;

  /// Where the code of a function is, once it is compiled.
  llvm::Expected<LoadedCode::Function> getCode(llvm::StringRef name) const {
    return code->lookup(name);
  }

  /// Checks arguments against a function: their number, ranks, static sizes and
  /// element types. Returns the arrays to pass.
  llvm::Expected<llvm::SmallVector<Array>>
  checkArguments(llvm::StringRef name, llvm::ArrayRef<Array> arguments) const;

  /// Compiles the module for this machine, in this process. Errors of passes go
  /// to the diagnostics of the MLIR context. With `only`, no function can be
  /// called but this one and its @f$prepack: what they do not need is not
  /// compiled. `optLevel` is LLVM's, 0 to 3.
  llvm::Error compile(const PipelineBuilder &buildPipeline,
                      llvm::StringRef only = "", unsigned optLevel = 3);
  const CompileSeconds &getSeconds() const { return seconds; }
  bool isCompiled() const { return code != nullptr; }

  /// A program of functions that were compiled before.
  static llvm::Expected<std::unique_ptr<Program>>
  load(std::vector<Signature> functions, ObjectCode object);
  /// What `load` takes.
  const ObjectCode &getObject() const { return object; }

  /// A call of a function of the compiled program, once its arguments are
  /// checked.
  llvm::Expected<std::unique_ptr<Call>>
  prepare(llvm::StringRef name, llvm::ArrayRef<Array> arguments) const;

private:
  explicit Program(std::vector<Signature> functions)
      : functions(std::move(functions)) {}

  /// Gone once the program is compiled.
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::vector<Signature> functions;
  CompileSeconds seconds;
  ObjectCode object;
  std::unique_ptr<LoadedCode> code;
};

} // namespace condcomp

#endif // CONDCOMP_EXECUTION_PROGRAM_H

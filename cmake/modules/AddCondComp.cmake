# CMake functions shared by the condcomp tree.

# One precompiled header for every library: MLIR's headers dominate compile
# time. The object library exists to build it once; others reuse it.
file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/pch/pch.cpp" "\n")
add_library(condcomp_pch OBJECT "${CMAKE_CURRENT_BINARY_DIR}/pch/pch.cpp")

# Compile and include settings, the same for all so that the precompiled
# header can be shared.
function(condcomp_compile_settings target)
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>
    $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}/include>
    $<INSTALL_INTERFACE:include>)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/lib/Precompiled)
  # Who uses the install tree has an MLIR of its own: CondCompConfig.cmake.
  target_include_directories(${target} SYSTEM PUBLIC
    "$<BUILD_INTERFACE:${MLIR_INCLUDE_DIRS};${LLVM_INCLUDE_DIRS}>")
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wno-unused-parameter -Werror=switch -fno-exceptions
    -ffunction-sections -fdata-sections
    # Without time stamps, compiler caches can reuse the precompiled header.
    $<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>)
  if(NOT LLVM_ENABLE_RTTI)
    target_compile_options(${target} PRIVATE -fno-rtti)
  endif()
endfunction()

condcomp_compile_settings(condcomp_pch)
# Included by name, not by path, so that compiler caches can reuse objects in
# other clones.
target_precompile_headers(condcomp_pch PRIVATE "\"Precompiled.h\"")

# condcomp_add_library(<name> <sources...> [DEPENDS <tablegen targets...>]
#                      [LINK_LIBS <targets...>] [NOT_IN_COMPILER]
#                      [WITHOUT_MLIR])
# A static library over the MLIR dylib. libMLIR is linked once, by the final
# program or plugin, so that one MLIR exists per process. Every tool links all
# libraries but those that are NOT_IN_COMPILER, and so does who uses the install
# tree. A library WITHOUT_MLIR may go into programs without it.
function(condcomp_add_library name)
  cmake_parse_arguments(ARG "NOT_IN_COMPILER;WITHOUT_MLIR" "" "DEPENDS;LINK_LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  condcomp_compile_settings(${name})
  if(NOT ARG_WITHOUT_MLIR)
    target_precompile_headers(${name} REUSE_FROM condcomp_pch)
  endif()
  target_link_libraries(${name} PUBLIC ${ARG_LINK_LIBS})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  if(NOT ARG_NOT_IN_COMPILER)
    set_property(GLOBAL APPEND PROPERTY CONDCOMP_LIBS ${name})
    install(TARGETS ${name} EXPORT CondCompTargets ARCHIVE DESTINATION lib)
  endif()
endfunction()

# condcomp_add_tool(<name> <sources...> [LINK_LIBS <targets...>])
function(condcomp_add_tool name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  condcomp_compile_settings(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} MLIR LLVM)
  set_property(GLOBAL APPEND PROPERTY CONDCOMP_TOOLS ${name})
  # Installed tools find the run-time library beside them.
  set_target_properties(${name} PROPERTIES
    INSTALL_RPATH "$ORIGIN/../lib;${LLVM_LIBRARY_DIR}")
  install(TARGETS ${name} RUNTIME DESTINATION bin)
endfunction()

# condcomp_doc(<td file without .td> <page> <flags> ...)
# A page of build/docs/reference, generated from ODS by the target `docs`.
function(condcomp_doc td page)
  add_mlir_doc(${td} ${page} reference/ ${ARGN}
    EXTRA_INCLUDES "${CMAKE_SOURCE_DIR}/include")
  add_dependencies(docs ${page}DocGen)
endfunction()

# condcomp_tablegen(<td file> <target> <output> <flags> ...)
# Runs mlir-tblgen once per (output, flags) pair, as one target.
function(condcomp_tablegen td target)
  set(LLVM_TARGET_DEFINITIONS ${td})
  set(pairs ${ARGN})
  while(pairs)
    list(POP_FRONT pairs output flags)
    separate_arguments(flags)
    mlir_tablegen(${output} ${flags} EXTRA_INCLUDES "${CMAKE_SOURCE_DIR}/include")
  endwhile()
  add_public_tablegen_target(${target})
  add_dependencies(mlir-headers ${target})
endfunction()

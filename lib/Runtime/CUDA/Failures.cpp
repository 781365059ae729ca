//===- Failures.cpp - what failed while nobody waited ---------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Failures.h"
#include "condcomp/Runtime/EntryPoints.h"
#include "condcomp/Runtime/KernelReport.h"
#include <algorithm>
#include <cstring>

using namespace condcomp;
using namespace condcomp::runtime::cuda;

/// Memory that the GPU writes comes in pages.
static constexpr size_t kChunkBytes = 64 << 10;
/// Records lie in cache lines of their own.
static constexpr size_t kLine = 64;

Failures &Failures::get() {
  static auto *failures = new Failures;
  return *failures;
}

/// A kernel may write it at any time.
static int64_t getStatus(const int64_t *words) {
  return __atomic_load_n(&words[Status], __ATOMIC_ACQUIRE);
}

/// The text of a failed check, as compiled code has it made.
static std::string getCheckText(const LoadedKernel::Check &check,
                                const int64_t *values) {
  condcomp_context *context = condcomp_context_create();
  condcomp_report(context, check.place.c_str(), check.message.c_str(),
                  check.kinds.c_str(), values);
  std::string text = condcomp_context_error(context);
  condcomp_context_destroy(context);
  return text;
}

/// What a record says.
static Outcome describe(LoadedKernel &kernel, const int64_t *words) {
  int64_t status = getStatus(words);
  auto number = static_cast<long long>(words[FirstValue]);
  if (status == kNoSpace) {
    kernel.workspaces.forget(number);
    return Outcome::failure(format("%s needs a larger workspace, such as one "
                                   "of %lld bytes, which the next call gets",
                                   kernel.description.c_str(), number));
  }
  if (status > 0 && status <= static_cast<int64_t>(kernel.checks.size()))
    return Outcome::failure(
        getCheckText(kernel.checks[status - 1], words + FirstValue),
        CONDCOMP_CHECK_FAILED);
  return Outcome::failure(
      status == kWrongSize
          ? format("%s has a result of %lld bytes, which its caller did not "
                   "expect",
                   kernel.description.c_str(), number)
          : format("%s ended with the unknown status %lld",
                   kernel.description.c_str(), static_cast<long long>(status)));
}

bool Failures::concerns(const Record &record, const Session &session) const {
  return record.context == session.getContext() &&
         (record.owner != Owner::Stream ||
          record.stream == session.getStream());
}

Outcome Failures::allocate(const Session &session, int64_t words,
                           int64_t *&memory) {
  size_t bytes = (words * sizeof(int64_t) + kLine - 1) / kLine * kLine;
  if (bytes > restBytes) {
    void *chunk = nullptr;
    size_t chunkBytes = std::max(bytes, kChunkBytes);
    const Driver &driver = session.getDriver();
    Outcome outcome = driver.check(
        driver.cuMemHostAlloc(&chunk, chunkBytes, kPortable | kMapped),
        format("%zu bytes of the host for records of %s can't be allocated",
               chunkBytes, session.getGPU().describe().c_str()));
    if (outcome.failed())
      return outcome;
    memset(chunk, 0, chunkBytes);
    rest = static_cast<char *>(chunk);
    restBytes = chunkBytes;
  }
  memory = reinterpret_cast<int64_t *>(rest);
  rest += bytes;
  restBytes -= bytes;
  return {};
}

Outcome Failures::getRecord(const Session &session, LoadedKernel &kernel,
                            bool inGraph, bool mayMake, int64_t words,
                            Address &address) {
  std::lock_guard<std::mutex> lock(mutex);
  Owner owner = inGraph ? Owner::Graphs : Owner::Stream;
  Stream stream = inGraph ? nullptr : session.getStream();
  Record *spare = nullptr;
  for (Record &record : records) {
    if (record.kernel != &kernel)
      continue;
    if (record.owner == owner && record.stream == stream) {
      address = reinterpret_cast<Address>(record.words);
      return {};
    }
    if (record.owner == Owner::Nobody && getStatus(record.words) == 0)
      spare = &record;
  }
  address = 0;
  if (!mayMake)
    return {};
  if (spare) {
    spare->owner = owner;
    spare->stream = stream;
    address = reinterpret_cast<Address>(spare->words);
    return {};
  }
  int64_t *memory;
  Outcome outcome = allocate(session, words, memory);
  if (outcome.failed())
    return outcome;
  records.push_back({owner, session.getContext(), stream, &kernel, memory});
  address = reinterpret_cast<Address>(memory);
  return {};
}

Outcome Failures::collect(Session &session) {
  auto hasFailed = [&](const Record &record) {
    return concerns(record, session) && getStatus(record.words) != 0;
  };
  {
    std::lock_guard<std::mutex> lock(mutex);
    if (std::none_of(records.begin(), records.end(), hasFailed))
      return {};
  }
  // What is under way on the stream may fail as well: of that, too, the caller
  // hears now, and the next call is its own.
  Outcome waited = session.synchronize("calls on " +
                                       session.getGPU().describe() + " failed");
  if (waited.failed())
    return waited;
  std::lock_guard<std::mutex> lock(mutex);
  Outcome outcome;
  for (Record &record : records) {
    if (!hasFailed(record))
      continue;
    Outcome failed = describe(*record.kernel, record.words);
    __atomic_store_n(&record.words[Status], 0, __ATOMIC_RELEASE);
    if (!outcome.failed())
      outcome = failed;
    else
      outcome.text += "; " + failed.text;
  }
  if (outcome.failed())
    outcome.text += " (in a call before this one, which was not waited for: "
                    "its results are not valid)";
  return outcome;
}

void Failures::disown(Stream stream) {
  std::lock_guard<std::mutex> lock(mutex);
  for (Record &record : records)
    if (record.owner == Owner::Stream && record.stream == stream)
      record.owner = Owner::Nobody;
}

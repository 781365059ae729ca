/* What the tests of the C API share: they end at what is not as it should be.
 */

#ifndef CONDCOMP_TEST_CAPI_EXPECT_H
#define CONDCOMP_TEST_CAPI_EXPECT_H

#include "condcomp-c/CondComp.h"
#include <stdio.h>
#include <stdlib.h>

static void expect(condcomp_error *error) {
  if (!error)
    return;
  printf("unexpected error: %s\n%s", condcomp_error_message(error),
         condcomp_error_diagnostics(error));
  exit(1);
}

static void expectThat(int holds, const char *what) {
  if (holds)
    return;
  printf("not so: %s\n", what);
  exit(1);
}

#endif /* CONDCOMP_TEST_CAPI_EXPECT_H */

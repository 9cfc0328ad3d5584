// Emit: the hidden verb's entry: the real schedules around a worker. Knows no job.
#include <cstdio>
#include <string_view>

#include "emit/job.h"
#include "schedules/schedule.h"

namespace sepconv::emit {

int worker_main(int argc, char** argv) {
  if (argc != 3 || std::string_view(argv[1]) != kWorkerVerb) {
    std::fprintf(stderr, "usage: %s FOLDER\n", kWorkerVerb);
    return 2;
  }
  schedules::install();
  return run_worker(argv[2]);
}

}  // namespace sepconv::emit

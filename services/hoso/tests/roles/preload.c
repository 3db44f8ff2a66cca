/* Stands between a program and the system (LD_PRELOAD), to show it what a test cannot make the machine do: a wall clock
 * that somebody set, and a disk that takes its time. The numbers are those of the file named by DIAL, as they are now:
 *   0  seconds by which the wall clock is ahead
 *   1  milliseconds that each fdatasync takes longer
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile const int64_t *dial;

__attribute__((constructor)) static void find_dial(void) {
  const char *path = getenv("DIAL");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0)
    return;
  void *there = mmap(NULL, 2 * sizeof *dial, PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (there != MAP_FAILED)
    dial = there;
}

int clock_gettime(clockid_t which, struct timespec *now) {
  int outcome = (int)syscall(SYS_clock_gettime, which, now);
  if (outcome == 0 && dial && which == CLOCK_REALTIME)
    now->tv_sec += dial[0];
  return outcome;
}

int fdatasync(int file) {
  if (dial && dial[1] > 0)
    usleep((useconds_t)(dial[1] * 1000));
  return (int)syscall(SYS_fdatasync, file);
}

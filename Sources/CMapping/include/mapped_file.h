#ifndef MAPPED_FILE_H
#define MAPPED_FILE_H

#include <stdbool.h>
#include <stddef.h>

// A mapped file may get shorter while it is read, at which the system sends SIGBUS. Between begin and
// end what is gone reads as zeros, and end tells of it; of any other address the signal does what it
// did before.

// Watches the mapping of `length` bytes at `start`, a page's beginning. Returns what `end` takes, or
// -1 if too many are watched already.
int mapped_file_begin(const void *start, size_t length);

// Ends the watch, before the mapping goes. Returns whether bytes were gone.
bool mapped_file_end(int watch);

#endif

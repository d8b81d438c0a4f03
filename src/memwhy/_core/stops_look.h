/* Where a stopped thread stands. See stops_look.c. */
#ifndef STOPS_LOOK_H
#define STOPS_LOOK_H

#include <sys/user.h>

#include "stops.h"

/* An address at which the thread stands, or to which it will come back, and which is kept out; 0: none. buffer: request->scan_bytes long. */
uint64_t stop_look(const struct stop_request *request, const struct user_regs_struct *registers, uint64_t *buffer);

#endif

/* Blocks of every usual size that come and go, and four leaks whose size is known. */
#ifndef CHURN_H
#define CHURN_H

enum kind { NODES, UPLOADS, IMAGES, BUFFERS, DRIPS, KINDS };

enum { RINGS = 6, RING = 64, NODE_BYTES = 64, UPLOAD_BYTES = 8192, IMAGE_BYTES = 1 << 20, BUFFER_BYTES = 4096 };

/* `count` blocks of 16 B to 8 KiB, each freed when 64 more have come; `spin` rounds of arithmetic after each. One
 * thread for each of RINGS rings at a time. */
void churn(int ring, long count, long spin);

/* One document of four nodes; three of four documents are freed again. */
void parse_document(enum kind kind, long number);
void receive_upload(void);
void decode_image(void);
void fill_buffer(void);

/* What is outstanding of a leak, in bytes as they were asked for. */
long long outstanding(enum kind kind);
/* Free it all: the leaks are lists, so that one process can leak again and again. */
void forget(enum kind kind);

#endif

/* Allocate total bytes in small blocks on many threads at once, then free all but one small block in many. */
void burst(long total);
/* What a request does between bursts: a block, used and freed. */
long request(long number);

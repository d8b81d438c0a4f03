/* Replace count blocks of one worker's and its neighbours' by blocks of other sizes: of one size if even. */
void mix(int worker, long count, int even);
enum { WORKERS = 12 };

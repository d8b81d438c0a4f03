/* Replace count blocks of one worker by others. Of every leak_every-th a small copy is never freed; 0: of none. */
void churn(int worker, long count, long leak_every);
enum { WORKERS = 4 };

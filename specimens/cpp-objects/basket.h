#ifdef __cplusplus
extern "C" {
#endif

/* A C++ library behind a C face. A basket belongs to who made it. */
struct basket;
struct basket *basket_new(unsigned long number);
unsigned long basket_total(const struct basket *basket);
void basket_delete(struct basket *basket);

#ifdef __cplusplus
}
#endif

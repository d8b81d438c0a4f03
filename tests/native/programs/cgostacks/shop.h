#ifdef __cplusplus
extern "C" {
#endif
void *shop_open(void);
int shop_sell(void *shop, int item);
#ifdef __cplusplus
}
#endif

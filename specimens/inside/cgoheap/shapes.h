/* C++ objects with virtual functions, made and held as any C++ program would. */
#ifdef __cplusplus
extern "C" {
#endif
void *new_polygon(int corners);
#ifdef __cplusplus
}
#endif

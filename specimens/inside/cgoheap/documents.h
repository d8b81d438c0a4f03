/* Documents: with libxml2, or with -tags ownparser as trees of our own of about the same size. */
extern const char *const documents_by;
void documents_begin(void);
void *document_new(int number);
void document_free(void *document);

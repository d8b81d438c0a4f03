"""What gives back what a function made."""

import pytest

from memwhy.model.pairs import release_of


@pytest.mark.parametrize(
    ("made", "released"),
    [
        ("htmlReadMemory", "xmlFreeDoc"),
        ("xmlReadFile", "xmlFreeDoc"),
        ("xmlParseFile", "xmlFreeDoc"),
        ("xmlXPathNewContext", "xmlXPathFreeContext"),
        ("CString", "C.free"),
        ("sqlite3_prepare_v2", "sqlite3_finalize"),
        ("sqlite3_open", "sqlite3_close"),
        ("EVP_MD_CTX_new", "EVP_MD_CTX_free"),
        ("EVP_CIPHER_fetch", "EVP_CIPHER_free"),
        ("SSL_new", "SSL_free"),
        ("X509_STORE_CTX_new", "X509_STORE_CTX_free"),
        ("curl_easy_init", "curl_easy_cleanup"),
        ("git_repository_open", "git_repository_free"),
        ("ZSTD_createCCtx", "ZSTD_freeCCtx"),
        ("deflateInit_", "deflateEnd"),
        ("deflateInit2_", "deflateEnd"),
        ("BZ2_bzCompressInit", "BZ2_bzCompressEnd"),
        ("rd_kafka_new", "rd_kafka_destroy"),
        ("rd_kafka_topic_new", "rd_kafka_topic_destroy"),
        ("rocksdb_open", "rocksdb_close"),
        ("strdup", "free"),
        ("getaddrinfo", "freeaddrinfo"),
        ("opendir", "closedir"),
        ("fopen64", "fclose"),
        ("malloc", "free"),
        ("operator new(unsigned long)", "delete, or a smart pointer"),
        ("mmap", "munmap"),
        ("my_own_function", ""),
        ("", ""),
        ("x" * 100_000, ""),
    ],
)
def test_a_function_is_released_by_its_partner(made: str, released: str) -> None:
    assert release_of([made]) == released


def test_what_the_program_called_itself_counts_before_what_that_called() -> None:
    assert release_of(["htmlReadMemory", "htmlNewDoc", "xmlStrdup", "malloc"]) == "xmlFreeDoc"
    assert release_of(["own_parser", "xmlStrdup", "malloc"]) == "xmlFree"
